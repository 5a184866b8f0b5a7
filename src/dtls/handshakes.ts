import type { Clock } from '../core/clock.js';
import type { Peer } from '../core/datagram.js';
import { Deadlines } from '../core/deadlines.js';
import { assertNever } from '../core/errors.js';
import type { Log } from '../core/log.js';
import type { RandomBytes } from '../core/random.js';
import { encodeAlert } from './alert.js';
import type { Refusal } from './certificate-chain.js';
import { cidText } from './cid.js';
import type { Connections } from './connections.js';
import { CookieJar } from './cookie.js';
import type { DtlsCounters } from './counters.js';
import { Handshake } from './handshake.js';
import { HandshakeLimiter, sourceOf } from './handshake-limiter.js';
import { encodeMessage, handshakeTypes } from './handshake-message.js';
import { openHandshake, type ReceivedHello, readHello } from './handshake-opening.js';
import type { HandshakeEffect, HandshakeInput } from './handshake-step.js';
import { encodeHelloVerifyRequest } from './messages/hello-verify-request.js';
import type { Ending, Psk } from './options.js';
import type { Pending } from './pending.js';
import { contentTypes, type DtlsRecord, dtls10, dtls12, encodePlainRecord } from './record.js';
import type { ResumptionCache } from './resumption.js';
import type { Session } from './session.js';
import type { DtlsSettings } from './settings.js';

/** What handshakes need from their endpoint. */
export interface HandshakesContext {
  readonly settings: DtlsSettings;
  readonly connections: Connections;
  readonly resumption: ResumptionCache;
  readonly clock: Clock;
  readonly log: Log;
  readonly counters: DtlsCounters;
  readonly random: RandomBytes;
  /** Whether there is room for one more session. */
  readonly hasRoom: () => boolean;
  /** A handshake is complete. `early` is application data that had overtaken its end. */
  readonly established: (session: Session, lower: Peer, early: readonly Buffer[]) => void;
}

const warningsPerSecond = 20;

/** All handshakes in progress at an endpoint: answers hellos, drives each handshake, and does what it wants done. */
export class Handshakes {
  private readonly context: HandshakesContext;
  private readonly cookies: CookieJar;
  private readonly limiter: HandshakeLimiter;
  private readonly deadlines: Deadlines<Pending>;
  private warned = { second: 0, lines: 0 };

  constructor(context: HandshakesContext) {
    this.context = context;
    const now = context.clock.now();
    this.cookies = new CookieJar(context.random, now);
    this.limiter = new HandshakeLimiter(context.settings.limits, now);
    this.deadlines = new Deadlines(context.clock, 'dtls handshakes', (pending) =>
      this.step(pending, { kind: 'timer' }),
    );
  }

  /** A record of epoch 0 that holds a ClientHello. No state is made before its cookie has proven the address. */
  takeHello(record: DtlsRecord, lower: Peer): void {
    const { clock, counters } = this.context;
    const received = readHello(record);
    if (received === undefined) {
      counters.malformed.value++;
      return;
    }
    const now = clock.now();
    if (this.cookies.accepts(lower.key, received.hello, now)) this.takeProven(received, lower, now);
    else {
      counters.verifyRequests.value++;
      lower.send(verifyRequest(received, this.cookies.make(lower.key, received.hello, now)));
    }
  }

  /** A record for a handshake in progress. */
  takeRecord(pending: Pending, record: DtlsRecord): void {
    this.step(pending, { kind: 'record', record });
  }

  /** Gives up every handshake, silently. */
  stop(): void {
    this.deadlines.clear();
    for (const pending of this.context.connections.allPending()) this.remove(pending);
  }

  private takeProven(received: ReceivedHello, lower: Peer, now: number): void {
    const { connections, counters, settings, random, resumption } = this.context;
    const running = connections.pendingAt(lower.key);
    const { random: clientRandom } = received.hello;
    if (running?.handshake?.clientRandom.equals(clientRandom) === true) {
      this.step(running, { kind: 'repeat' });
      return;
    }
    // A late copy of the hello that has just led to a session.
    if (connections.peerAt(lower.key)?.session.lastFlight?.clientRandom.equals(clientRandom) === true) return;
    const source = sourceOf(lower.address);
    if (!this.context.hasRoom() || !this.limiter.admit(source, now)) {
      counters.handshakesLimited.value++;
      return;
    }
    const newCid = (): Buffer => this.newCid();
    const opened = openHandshake(received, { settings, random, resumption, now, newCid });
    if ('alert' in opened) {
      this.limiter.release(source);
      this.refuse(opened, received, lower);
      return;
    }
    if (running !== undefined) this.remove(running);
    const pending: Pending = { handshake: new Handshake(opened), cid: cidText(opened.ownCid), lower, source };
    connections.addPending(pending);
    this.step(pending, { kind: 'start' });
  }

  private step(pending: Pending, input: HandshakeInput): void {
    const { handshake } = pending;
    if (handshake === undefined) return;
    const effects = handshake.step(input, this.context.clock.now());
    if (handshake.deadline < Number.POSITIVE_INFINITY) this.deadlines.set(pending, handshake.deadline);
    for (const effect of effects) this.run(pending, effect);
  }

  private run(pending: Pending, effect: HandshakeEffect): void {
    switch (effect.kind) {
      case 'send':
        pending.lower.send(effect.datagram);
        break;
      case 'lookup':
        this.lookUp(pending, effect.identity);
        break;
      case 'established':
        this.remove(pending);
        this.context.established(effect.session, pending.lower, effect.early);
        break;
      case 'failed':
        this.remove(pending);
        this.failed(effect.ending, pending.lower);
        break;
      default:
        assertNever(effect);
    }
  }

  private lookUp(pending: Pending, identity: Buffer): void {
    const answer = this.context.settings.psk?.lookup(identity);
    if (answer instanceof Promise) {
      answer.then(
        (psk) => this.answer(pending, psk),
        (error: unknown) => {
          this.context.log.error({ err: error, peer: pending.lower.address }, 'DTLS key lookup failed');
          this.answer(pending, undefined);
        },
      );
    } else this.answer(pending, answer);
  }

  private answer(pending: Pending, psk: Psk | undefined): void {
    // It may have been given up while the key was looked for.
    if (this.context.connections.pendingAt(pending.lower.key) === pending) this.step(pending, { kind: 'psk', psk });
  }

  private remove(pending: Pending): void {
    if (!this.context.connections.deletePending(pending)) return;
    this.deadlines.delete(pending);
    this.limiter.release(pending.source);
    pending.handshake?.release();
    pending.handshake = undefined;
  }

  private refuse(refusal: Refusal, received: ReceivedHello, lower: Peer): void {
    lower.send(encodePlainRecord(contentTypes.alert, dtls12, received.recordSequence, encodeAlert(refusal.alert)));
    this.failed(refusal, lower);
  }

  private failed(ending: Ending, lower: Peer): void {
    const { log, counters } = this.context;
    counters.handshakesFailed.value++;
    const second = Math.floor(this.context.clock.now() / 1000);
    if (second !== this.warned.second) this.warned = { second, lines: 0 };
    // Whoever wants to can fail all day; the log is not to be filled by it.
    const level = this.warned.lines++ < warningsPerSecond ? 'warn' : 'debug';
    log[level]({ peer: lower.address, ...ending }, 'DTLS handshake refused');
  }

  private newCid(): Buffer {
    const { settings, connections, random } = this.context;
    let cid = random(settings.cidLength);
    while (settings.cidLength > 0 && connections.hasCid(cid)) cid = random(settings.cidLength);
    return cid;
  }
}

/** Repeats the numbers of the hello it answers, so that nothing has to be remembered [RFC 6347 4.2.1]. */
function verifyRequest(received: ReceivedHello, cookie: Buffer): Buffer {
  const body = encodeHelloVerifyRequest(cookie);
  const message = encodeMessage(handshakeTypes.helloVerifyRequest, received.messageSeq, body);
  return encodePlainRecord(contentTypes.handshake, dtls10, received.recordSequence, message);
}
