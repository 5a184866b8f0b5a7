import { type Key, key } from './key.js';
import { verify } from './protocol-types.js';
import { flag, integer, list, oneOf, optional, path, text } from './value-type.js';

const dtls = 'dtls' as const;

/** The keys under `mqtt.sn.dtls.` and `lwm2m.dtls.`. */
export const dtlsKeys = (prefix: string) =>
  ({
    certFile: key(
      `${prefix}.certfile`,
      optional(path('file')),
      '',
      'Certificate chain of the gateway in PEM, its own certificate first.',
      { example: 'etc/certs/cert.pem', feature: dtls },
    ),
    keyFile: key(
      `${prefix}.keyfile`,
      optional(path('file')),
      '',
      'Private key of that certificate in PEM; without a certificate, devices are shown the raw public key.',
      {
        example: 'etc/certs/key.pem',
        feature: dtls,
      },
    ),
    caFile: key(
      `${prefix}.cacertfile`,
      optional(path('file')),
      '',
      "Certificates in PEM that devices' certificates are checked against.",
      { example: 'etc/certs/cacert.pem', feature: dtls },
    ),
    verify: key(
      `${prefix}.verify`,
      verify,
      'verify_none',
      'Whether a device is asked for a certificate, which must then be valid; needs cacertfile.',
      { feature: dtls },
    ),
    failIfNoPeerCert: key(
      `${prefix}.fail_if_no_peer_cert`,
      flag,
      'false',
      'With verify_peer: refuse a device that has no certificate to show.',
      { feature: dtls },
    ),
    ciphers: key(
      `${prefix}.ciphers`,
      optional(list(text(64))),
      '',
      'Cipher suites that may be used, by OpenSSL or IANA name; left empty, all that this gateway has.',
      { example: 'ECDHE-ECDSA-AES128-GCM-SHA256,ECDHE-ECDSA-AES128-CCM8', feature: dtls },
    ),
    pskCiphers: key(
      `${prefix}.psk_ciphers`,
      optional(list(text(64))),
      '',
      'Cipher suites for pre-shared keys only; cannot be given together with ciphers.',
      { example: 'PSK-AES128-CCM8,PSK-AES128-GCM-SHA256', feature: dtls },
    ),
    pskFile: key(
      `${prefix}.psk_file`,
      optional(path('file')),
      '',
      'Pre-shared keys, a line each: identity:key in hexadecimal, and optionally :endpoint name or client id.',
      { example: 'etc/psk.txt', feature: dtls },
    ),
    cidLength: key(
      `${prefix}.cid_length`,
      integer(0, 32),
      '8',
      'Bytes of the connection id by which a device is known after its address has changed; 0 offers none.',
      { feature: dtls },
    ),
    bindIdentity: key(
      `${prefix}.bind_identity`,
      oneOf('on', 'off', 'cn'),
      'on',
      'Whether endpoint name or client id must belong to the identity a device has proven; cn compares with the common name of its certificate.',
      { feature: dtls },
    ),
    sessionStore: key(
      `${prefix}.session_store`,
      flag,
      'on',
      'Keep sessions, encrypted, over a restart, so that devices need no new handshake.',
      { feature: dtls },
    ),
  }) satisfies Record<string, Key<unknown>>;
