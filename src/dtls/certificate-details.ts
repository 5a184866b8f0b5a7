import { Reader } from '../core/bytes.js';
import { attempt, DecodeError } from '../core/errors.js';
import { type DerElement, derChildren, derTags, expectDer } from './der.js';

/** What a certificate says that Node's X509Certificate does not tell. */
export interface CertificateDetails {
  /** DER of the subject's name. */
  readonly subject: Buffer;
  readonly signatureOid: string;
  readonly isCa: boolean;
  readonly pathLength: number | undefined;
  /** The bits of keyUsage, digitalSignature first; undefined when it does not restrict. */
  readonly keyUsage: number | undefined;
  /** Critical extensions that nobody here understands. */
  readonly unknownCritical: readonly string[];
}

/** Bits of keyUsage. */
export const keyUsageBits = { digitalSignature: 0x80, keyCertSign: 0x04 } as const;

const oids = { keyUsage: '551d0f', subjectAltName: '551d11', basicConstraints: '551d13', extendedKeyUsage: '551d25' };
const extensionsTag = 0xa3;
const versionTag = 0xa0;

/** Reads a DER certificate that fills the buffer exactly; a value when it does not. */
export function readCertificate(der: Buffer): CertificateDetails | DecodeError {
  return attempt(() => {
    const reader = new Reader(der);
    const certificate = expectDer(reader, derTags.sequence);
    if (reader.remaining > 0) throw new DecodeError('bytes after the certificate', reader.offset);
    const [body, algorithm] = derChildren(certificate);
    if (body === undefined || algorithm === undefined) throw new DecodeError('not a certificate');
    const fields = derChildren(body);
    if (fields[0]?.tag === versionTag) fields.shift();
    const subject = fields[4];
    if (subject === undefined) throw new DecodeError('no subject');
    const wrapper = fields.find((field) => field.tag === extensionsTag);
    const extensions = wrapper === undefined ? [] : derChildren(derChildren(wrapper)[0] ?? wrapper);
    return { subject: subject.whole, signatureOid: oidOf(algorithm), ...readExtensions(extensions) };
  });
}

function readExtensions(extensions: readonly DerElement[]): Omit<CertificateDetails, 'subject' | 'signatureOid'> {
  let isCa = false;
  let pathLength: number | undefined;
  let keyUsage: number | undefined;
  const unknownCritical: string[] = [];
  for (const extension of extensions) {
    const parts = derChildren(extension);
    const id = oidOf(extension);
    const critical = parts[1]?.tag === derTags.boolean && parts[1].content[0] !== 0;
    const value = new Reader(parts.at(-1)?.content ?? Buffer.alloc(0));
    if (id === oids.basicConstraints) {
      const fields = derChildren(expectDer(value, derTags.sequence));
      isCa = fields[0]?.tag === derTags.boolean && fields[0].content[0] !== 0;
      const limit = fields.find((field) => field.tag === derTags.integer)?.content;
      if (limit !== undefined) pathLength = limit.length === 1 ? (limit[0] as number) : 0;
    } else if (id === oids.keyUsage) keyUsage = expectDer(value, derTags.bitString).content[1] ?? 0;
    else if (critical && id !== oids.subjectAltName && id !== oids.extendedKeyUsage) unknownCritical.push(id);
  }
  return { isCa, pathLength, keyUsage, unknownCritical };
}

/** The object identifier an element begins with, as hex of its DER content. */
function oidOf(element: DerElement): string {
  return expectDer(new Reader(element.content), derTags.oid).content.toString('hex');
}
