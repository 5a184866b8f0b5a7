import { DecodeError } from '../core/errors.js';
import type { RandomBytes } from '../core/random.js';
import type { Refusal } from './certificate-chain.js';
import { decodeFragments, encodeMessage, handshakeTypes } from './handshake-message.js';
import type { HandshakeStart } from './handshake-step.js';
import { type ClientHello, decodeClientHello } from './messages/client-hello.js';
import { type HelloFeatures, negotiate, readFeatures } from './negotiation.js';
import type { DtlsRecord } from './record.js';
import type { ResumableSession, ResumptionCache } from './resumption.js';
import type { DtlsSettings } from './settings.js';

/** A ClientHello as it came: whole, in one record. */
export interface ReceivedHello {
  readonly hello: ClientHello;
  readonly messageSeq: number;
  readonly recordSequence: number;
  readonly body: Buffer;
}

/** What a handshake is opened with besides the hello. */
export interface OpeningContext {
  readonly settings: DtlsSettings;
  readonly random: RandomBytes;
  readonly resumption: ResumptionCache;
  readonly now: number;
  /** A connection id nobody has. */
  readonly newCid: () => Buffer;
}

/** The ClientHello in a record of epoch 0; undefined when it is malformed or cut in pieces, which could not be stateless. */
export function readHello(record: DtlsRecord): ReceivedHello | undefined {
  const fragment = decodeFragments(record.fragment)[0];
  if (fragment?.type !== handshakeTypes.clientHello || fragment.body.length !== fragment.length) return undefined;
  const hello = decodeClientHello(fragment.body);
  if (hello instanceof DecodeError) return undefined;
  return { hello, messageSeq: fragment.messageSeq, recordSequence: record.sequence, body: fragment.body };
}

/** Decides what follows a hello whose cookie was good: a full handshake, an abbreviated one, or a refusal. */
export function openHandshake(received: ReceivedHello, context: OpeningContext): HandshakeStart | Refusal {
  const { hello, messageSeq, recordSequence, body } = received;
  const { settings, random } = context;
  const features = readFeatures(hello);
  if ('alert' in features) return features;
  const resumable = resumableFor(hello, features, context);
  if (resumable !== undefined && 'alert' in resumable) return resumable;
  const negotiated = resumable === undefined ? negotiate(hello, features, settings) : undefined;
  if (negotiated !== undefined && 'alert' in negotiated) return negotiated;
  const plan =
    negotiated === undefined
      ? { kind: 'resume' as const, resumable: resumable as ResumableSession }
      : { kind: 'full' as const, negotiated };
  return {
    hello,
    messageSeq,
    helloMessage: encodeMessage(handshakeTypes.clientHello, messageSeq, body),
    recordSequence,
    features,
    plan,
    sessionName: random(9).toString('base64url'),
    ownCid: features.clientCid === undefined ? Buffer.alloc(0) : context.newCid(),
    settings,
    random,
  };
}

function resumableFor(
  hello: ClientHello,
  features: HelloFeatures,
  context: OpeningContext,
): ResumableSession | Refusal | undefined {
  if (hello.sessionId.length === 0) return undefined;
  const found = context.resumption.find(hello.sessionId, context.now);
  if (found === undefined) return undefined;
  if (found.extendedMasterSecret && !features.extendedMasterSecret) {
    return { alert: 'handshake_failure', reason: 'resumption without the extended master secret of the session' };
  }
  // Without it an abbreviated handshake could be spliced into another's session [RFC 7627 5.3]: a full one instead.
  if (!found.extendedMasterSecret) return undefined;
  return hello.suites.includes(found.suite.id) && context.settings.suites.includes(found.suite) ? found : undefined;
}
