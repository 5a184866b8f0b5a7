import type { DtlsConfig } from './config.js';
import type { dtlsKeys } from './dtls-keys.js';
import type { Key } from './key.js';
import type { Values } from './values.js';

/** The keys of one protocol's DTLS. */
export type DtlsKeys = ReturnType<typeof dtlsKeys>;

/** Older names of the certificate's and the key's file, which count where the newer ones are not given. */
export interface ShortKeys {
  readonly certFile: Key<string | undefined>;
  readonly keyFile: Key<string | undefined>;
}

/** What the keys under one `dtls.` say. */
export function dtlsConfig(values: Values, keys: DtlsKeys, short?: ShortKeys): DtlsConfig {
  return {
    certFile: values.path(keys.certFile) ?? (short && values.path(short.certFile)),
    keyFile: values.path(keys.keyFile) ?? (short && values.path(short.keyFile)),
    caFile: values.path(keys.caFile),
    pskFile: values.path(keys.pskFile),
    verifyPeer: values.get(keys.verify),
    failIfNoPeerCert: values.get(keys.failIfNoPeerCert),
    ciphers: values.get(keys.ciphers),
    pskCiphers: values.get(keys.pskCiphers),
    cidLength: values.get(keys.cidLength),
    bindIdentity: values.get(keys.bindIdentity),
    sessionStore: values.get(keys.sessionStore),
  };
}

/** Whether there is anything to prove the gateway's identity with: a key, with a certificate or raw, or shared keys. */
export const hasCredential = ({ keyFile, pskFile }: DtlsConfig): boolean =>
  keyFile !== undefined || pskFile !== undefined;
