import type { RandomBytes } from '../core/random.js';
import type { ClientHello } from './messages/client-hello.js';
import type { HelloFeatures, Negotiated } from './negotiation.js';
import type { Ending, Psk } from './options.js';
import type { DtlsRecord } from './record.js';
import type { ResumableSession } from './resumption.js';
import type { Session } from './session.js';
import type { DtlsSettings } from './settings.js';

/** What moves a handshake on. */
export type HandshakeInput =
  | { readonly kind: 'start' }
  | { readonly kind: 'record'; readonly record: DtlsRecord }
  /** The answer to a `lookup`. */
  | { readonly kind: 'psk'; readonly psk: Psk | undefined }
  /** The client's hello has come again. */
  | { readonly kind: 'repeat' }
  | { readonly kind: 'timer' };

/** What a handshake wants done. */
export type HandshakeEffect =
  | { readonly kind: 'send'; readonly datagram: Buffer }
  | { readonly kind: 'lookup'; readonly identity: Buffer }
  /** It is complete. `early` is application data that has overtaken the client's Finished. */
  | { readonly kind: 'established'; readonly session: Session; readonly early: readonly Buffer[] }
  | { readonly kind: 'failed'; readonly ending: Ending };

/** What a handshake begins with: a hello whose cookie was good. */
export interface HandshakeStart {
  readonly hello: ClientHello;
  readonly messageSeq: number;
  /** The hello as a whole message, for the transcript. */
  readonly helloMessage: Buffer;
  /** Sequence number of the hello's record; ours go on from there [RFC 6347 4.2.1]. */
  readonly recordSequence: number;
  readonly features: HelloFeatures;
  /** Either a full handshake or an abbreviated one. */
  readonly plan:
    | { readonly kind: 'full'; readonly negotiated: Negotiated }
    | { readonly kind: 'resume'; readonly resumable: ResumableSession };
  readonly sessionName: string;
  /** The connection id the client is to use, empty for none. */
  readonly ownCid: Buffer;
  readonly settings: DtlsSettings;
  readonly random: RandomBytes;
}
