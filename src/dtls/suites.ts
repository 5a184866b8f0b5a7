import { IsthmusError } from '../core/errors.js';

/** How a suite comes to its premaster secret, and who proves what. */
export type KeyExchange = 'psk' | 'ecdhe_psk' | 'ecdhe_ecdsa' | 'ecdhe_rsa';

/** One cipher suite: everything that depends on the choice. */
export interface CipherSuite {
  readonly id: number;
  /** IANA's name without the leading `TLS_`. */
  readonly name: string;
  readonly openssl: string | undefined;
  readonly keyExchange: KeyExchange;
  readonly cipher: 'aes-128-ccm' | 'aes-128-gcm' | 'aes-256-ccm' | 'aes-256-gcm';
  readonly keyLength: number;
  readonly tagLength: 8 | 16;
  /** The hash of the PRF and of the transcript. */
  readonly hash: 'sha256' | 'sha384';
}

/** Bytes of keys and implicit nonces of both sides. */
export function keyBlockLength(suite: CipherSuite): number {
  return 2 * suite.keyLength + 8;
}

function suite(id: number, name: string, openssl?: string): CipherSuite {
  const [left, right] = name.split('_WITH_') as [string, string];
  const bits = right.includes('256_') ? 256 : 128;
  const mode = right.includes('CCM') ? 'ccm' : 'gcm';
  return {
    id,
    name,
    openssl,
    keyExchange: left.toLowerCase() as KeyExchange,
    cipher: `aes-${bits}-${mode}`,
    keyLength: bits / 8,
    tagLength: right.includes('CCM_8') ? 8 : 16,
    hash: right.endsWith('SHA384') ? 'sha384' : 'sha256',
  };
}

/**
 * Every suite there is here, in the server's order of preference: certificates before shared keys, forward secrecy
 * before none, 128 bits before 256, since a small device that offers both pays for the difference. With bare shared
 * keys the short tag stands first among CCM, for radio time.
 */
export const suites: readonly CipherSuite[] = [
  suite(0xc02b, 'ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'ECDHE-ECDSA-AES128-GCM-SHA256'),
  suite(0xc0ae, 'ECDHE_ECDSA_WITH_AES_128_CCM_8', 'ECDHE-ECDSA-AES128-CCM8'),
  suite(0xc0ac, 'ECDHE_ECDSA_WITH_AES_128_CCM', 'ECDHE-ECDSA-AES128-CCM'),
  suite(0xc02c, 'ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 'ECDHE-ECDSA-AES256-GCM-SHA384'),
  suite(0xc0af, 'ECDHE_ECDSA_WITH_AES_256_CCM_8', 'ECDHE-ECDSA-AES256-CCM8'),
  suite(0xc0ad, 'ECDHE_ECDSA_WITH_AES_256_CCM', 'ECDHE-ECDSA-AES256-CCM'),
  suite(0xc02f, 'ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'),
  suite(0xc030, 'ECDHE_RSA_WITH_AES_256_GCM_SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'),
  suite(0xd001, 'ECDHE_PSK_WITH_AES_128_GCM_SHA256'),
  suite(0xd003, 'ECDHE_PSK_WITH_AES_128_CCM_8_SHA256'),
  suite(0xd005, 'ECDHE_PSK_WITH_AES_128_CCM_SHA256'),
  suite(0xd002, 'ECDHE_PSK_WITH_AES_256_GCM_SHA384'),
  suite(0x00a8, 'PSK_WITH_AES_128_GCM_SHA256', 'PSK-AES128-GCM-SHA256'),
  suite(0xc0a8, 'PSK_WITH_AES_128_CCM_8', 'PSK-AES128-CCM8'),
  suite(0xc0a4, 'PSK_WITH_AES_128_CCM', 'PSK-AES128-CCM'),
  suite(0x00a9, 'PSK_WITH_AES_256_GCM_SHA384', 'PSK-AES256-GCM-SHA384'),
  suite(0xc0a9, 'PSK_WITH_AES_256_CCM_8', 'PSK-AES256-CCM8'),
  suite(0xc0a5, 'PSK_WITH_AES_256_CCM', 'PSK-AES256-CCM'),
];

const byId = new Map(suites.map((suite) => [suite.id, suite] as const));

/** The suite with this number, if it is one of ours. */
export function suiteById(id: number): CipherSuite | undefined {
  return byId.get(id);
}

/** Whether a suite authenticates the server by certificate or raw public key. */
export function isSigned(suite: CipherSuite): boolean {
  return suite.keyExchange === 'ecdhe_ecdsa' || suite.keyExchange === 'ecdhe_rsa';
}

/** Whether a suite needs a pre-shared key. */
export function usesPsk(suite: CipherSuite): boolean {
  return suite.keyExchange === 'psk' || suite.keyExchange === 'ecdhe_psk';
}

/** What a list of suite names came to. */
export interface SuiteChoice {
  readonly suites: readonly CipherSuite[];
  /** Names that are no suite of ours: CBC, static RSA and the like, or misspelt. */
  readonly unsupported: readonly string[];
}

/**
 * Turns OpenSSL's or IANA's names (with or without `TLS_`, either case) into suites, in the order given. A list that
 * leaves none is an IsthmusError `CIPHERS` that names what was asked for.
 */
export function chooseSuites(names: readonly string[]): SuiteChoice {
  const chosen: CipherSuite[] = [];
  const unsupported: string[] = [];
  for (const name of names) {
    const plain = name.trim().toUpperCase().replace(/^TLS_/, '');
    const found = suites.find((suite) => suite.name === plain || suite.openssl === plain);
    if (found === undefined) unsupported.push(name);
    else if (!chosen.includes(found)) chosen.push(found);
  }
  if (chosen.length === 0) {
    throw new IsthmusError(
      'CIPHERS',
      `none of the cipher suites is supported: ${names.join(', ')}; AES-GCM and AES-CCM with PSK, ECDHE-PSK, ECDHE-ECDSA or ECDHE-RSA are`,
    );
  }
  return { suites: chosen, unsupported };
}
