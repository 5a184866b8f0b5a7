import { accessSync, constants, statSync } from 'node:fs';
import { type DtlsKeys, dtlsConfig, hasCredential, type ShortKeys } from './dtls-config.js';
import type { Features } from './features.js';
import { isthmusKeys } from './isthmus-keys.js';
import type { Key } from './key.js';
import { lwm2mKeys } from './lwm2m-keys.js';
import type { Problems } from './problem.js';
import { snKeys } from './sn-keys.js';
import type { Values } from './values.js';

type FileKey = Key<string | undefined>;

/** Credentials are whole, belong together and can be read. */
export function checkCredentials(values: Values, built: Features, problems: Problems): void {
  checkBrokerTls(values, problems);
  const { certFile, keyFile } = isthmusKeys.brokerExternal;
  if ((values.get(certFile) === undefined) !== (values.get(keyFile) === undefined)) {
    problems.error(`${certFile.name} and ${keyFile.name} need each other`, values.where(certFile.name));
  }
  checkDtls(values, snKeys.dtls, undefined, problems);
  checkDtls(values, lwm2mKeys.dtls, lwm2mKeys.shortForm, problems);
  if (built.dtls) {
    noteIdleDtls(values, snKeys.listening.dtls, snKeys.dtls, undefined, problems);
    noteIdleDtls(values, lwm2mKeys.listening.dtls, lwm2mKeys.dtls, lwm2mKeys.shortForm, problems);
  }
  for (const key of fileKeys(values)) {
    if (key.feature === undefined || built[key.feature]) checkReadable(values, key, problems);
  }
}

function fileKeys(values: Values): readonly FileKey[] {
  const { brokerExternal, brokerTls, brokerAccess } = isthmusKeys;
  const { shortForm, dtls } = lwm2mKeys;
  return [
    brokerExternal.certFile,
    brokerExternal.keyFile,
    brokerExternal.caFile,
    brokerTls.certFile,
    brokerTls.keyFile,
    brokerTls.caFile,
    brokerAccess.passwordFile,
    brokerAccess.aclFile,
    ...[snKeys.dtls, dtls].flatMap(({ certFile, keyFile, caFile, pskFile }) => [certFile, keyFile, caFile, pskFile]),
    ...(values.get(dtls.certFile) === undefined ? [shortForm.certFile] : []),
    ...(values.get(dtls.keyFile) === undefined ? [shortForm.keyFile] : []),
  ];
}

function checkReadable(values: Values, key: FileKey, problems: Problems): void {
  const file = values.path(key);
  if (file === undefined) return;
  try {
    accessSync(file, constants.R_OK);
    if (statSync(file).isFile()) return;
    problems.error(`${key.name}: ${file} is not a file`, values.where(key.name));
  } catch (error) {
    problems.error(`${key.name}: cannot be read: ${(error as Error).message}`, values.where(key.name));
  }
}

function checkBrokerTls(values: Values, problems: Problems): void {
  const { brokerListeners, brokerTls } = isthmusKeys;
  checkVerify(values, brokerTls, problems);
  for (const listener of [brokerListeners.tls, brokerListeners.wss]) {
    if (values.get(listener).length === 0) continue;
    for (const needed of [brokerTls.certFile, brokerTls.keyFile]) {
      if (values.get(needed) === undefined) {
        problems.error(`${listener.name} needs ${needed.name}`, values.where(listener.name));
      }
    }
  }
}

function checkDtls(values: Values, keys: DtlsKeys, short: ShortKeys | undefined, problems: Problems): void {
  checkVerify(values, keys, problems);
  const { certFile, keyFile } = dtlsConfig(values, keys, short);
  // A key without a certificate serves as a raw public key [RFC 7250].
  if (certFile !== undefined && keyFile === undefined) {
    problems.error(`${keys.certFile.name} needs ${keys.keyFile.name}`, values.where(keys.certFile.name));
  }
  if (values.get(keys.ciphers) !== undefined && values.get(keys.pskCiphers) !== undefined) {
    problems.error(
      `${keys.pskCiphers.name} cannot be given together with ${keys.ciphers.name}`,
      values.where(keys.pskCiphers.name),
    );
  }
}

function checkVerify(
  values: Values,
  keys: { readonly verify: Key<boolean>; readonly caFile: FileKey },
  problems: Problems,
): void {
  if (values.get(keys.verify) && values.get(keys.caFile) === undefined) {
    problems.error(`${keys.verify.name} = verify_peer needs ${keys.caFile.name}`, values.where(keys.verify.name));
  }
}

/** DTLS without a credential is off, and is said to be off. */
function noteIdleDtls(
  values: Values,
  bind: Key<unknown>,
  keys: DtlsKeys,
  short: ShortKeys | undefined,
  problems: Problems,
): void {
  if (hasCredential(dtlsConfig(values, keys, short))) return;
  for (const { name, where } of values.all(bind)) {
    problems.warn(`${name}: no credential is configured, so DTLS stays off`, where);
  }
}
