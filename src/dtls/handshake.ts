import { timingSafeEqual } from 'node:crypto';
import type { Identity } from '../core/datagram.js';
import { assertNever } from '../core/errors.js';
import { type AlertName, alertName, decodeAlert } from './alert.js';
import { cidText } from './cid.js';
import { RecordCipher } from './ciphers.js';
import { type ClientKey, checkPossession, readClientCertificate } from './client-authentication.js';
import { credentialDigest } from './credential-digest.js';
import type { EphemeralKey } from './groups.js';
import { decodeFragments, handshakeTypes as types } from './handshake-message.js';
import { HandshakeSecrets } from './handshake-secrets.js';
import type { HandshakeEffect, HandshakeInput, HandshakeStart } from './handshake-step.js';
import { HeldRecords } from './held-records.js';
import { identityName, identityText } from './identity-text.js';
import { keep } from './keep.js';
import { type Contribution, premasterOf, readContribution } from './key-agreement.js';
import { LastFlight } from './last-flight.js';
import type { Ending, Psk } from './options.js';
import { OutgoingFlight } from './outgoing-flight.js';
import { type HandshakeMessage, Reassembler } from './reassembly.js';
import { contentTypes, type DtlsRecord } from './record.js';
import { masterOf, type ResumableSession, sessionIdText } from './resumption.js';
import { RetransmissionTimer } from './retransmission.js';
import { resumedServerHello, serverFlight } from './server-flight.js';
import { addFullHandshakeExtensions, serverHelloExtensions } from './server-hello-extensions.js';
import { Session } from './session.js';
import { type CipherSuite, usesPsk } from './suites.js';
import { Transcript } from './transcript.js';

/** What comes next. A message that is not the one awaited ends the handshake. */
type Awaiting =
  | 'certificate'
  | 'client key exchange'
  | 'pre-shared key'
  | 'certificate verify'
  | 'change cipher spec'
  | 'finished'
  | 'nothing';

const expectedType: Partial<Record<Awaiting, number>> = {
  certificate: types.certificate,
  'client key exchange': types.clientKeyExchange,
  'certificate verify': types.certificateVerify,
};

const noBytes = Buffer.alloc(0);
const mostEarly = 4;
/** A client that has sent a fatal alert is waited for so long, as anybody could have forged the alert. */
const afterAlertMs = 2000;

/** The server's side of one handshake, from the hello with a good cookie to the Finished. No I/O, no clock. */
export class Handshake {
  readonly clientRandom: Buffer;
  readonly ownCid: Buffer;
  private readonly from: HandshakeStart;
  private readonly suite: CipherSuite;
  private readonly secrets: HandshakeSecrets;
  private readonly sessionId: Buffer;
  private readonly transcript = new Transcript();
  private readonly outgoing: OutgoingFlight;
  private readonly timer: RetransmissionTimer;
  private readonly held = new HeldRecords();
  private readonly early: Buffer[] = [];
  private readonly ephemeral: EphemeralKey | undefined;
  private reassembler: Reassembler;
  private awaiting: Awaiting = 'nothing';
  private changeCipherSpecSeen = false;
  private expiresAt = Number.POSITIVE_INFINITY;
  private client: ClientKey | undefined;
  private contribution: Contribution | undefined;
  private identity: Identity | undefined;
  private credential: string | undefined;
  private knowsIdentity = true;
  private peerAlert: number | undefined;
  private session: Session | undefined;
  private established = false;
  private now = 0;
  private effects: HandshakeEffect[] = [];

  constructor(from: HandshakeStart) {
    const { plan, random, settings } = from;
    this.from = from;
    this.clientRandom = Buffer.from(from.hello.random);
    this.ownCid = from.ownCid;
    this.suite = plan.kind === 'full' ? plan.negotiated.suite : plan.resumable.suite;
    this.secrets = new HandshakeSecrets(this.suite, this.clientRandom, random(32), this.transcript);
    this.sessionId = plan.kind === 'full' ? random(32) : Buffer.from(plan.resumable.id, 'latin1');
    this.outgoing = new OutgoingFlight(this.transcript, from);
    this.timer = new RetransmissionTimer(settings.timers);
    this.reassembler = new Reassembler(from.messageSeq + 1, settings.limits.handshakeBytes);
    this.ephemeral = plan.kind === 'full' ? plan.negotiated.group?.generate() : undefined;
  }

  /** When it wants a `timer` input; Infinity when it is over. */
  get deadline(): number {
    return this.awaiting === 'nothing' ? Number.POSITIVE_INFINITY : Math.min(this.timer.dueAt, this.expiresAt);
  }

  /** Takes an input and says what is to be done. */
  step(input: HandshakeInput, now: number): HandshakeEffect[] {
    this.now = now;
    this.effects = [];
    switch (input.kind) {
      case 'start':
        this.start();
        break;
      case 'record':
        this.takeRecord(input.record);
        break;
      case 'psk':
        this.takePsk(input.psk);
        break;
      case 'repeat':
        if (this.timer.mayRepeat(now)) this.sendFlight();
        break;
      case 'timer':
        this.takeTimer();
        break;
      default:
        assertNever(input);
    }
    return this.effects;
  }

  /** Takes leave of it, without a word to the peer. What it holds is overwritten, unless a session came of it. */
  release(): void {
    this.contribution?.shared?.fill(0);
    if (this.established) return;
    this.awaiting = 'nothing';
    this.session?.close();
    this.secrets.discard();
  }

  private start(): void {
    const { features, plan, settings, hello, ownCid } = this.from;
    this.expiresAt = this.now + settings.limits.handshakeMs;
    this.transcript.add(this.from.helloMessage);
    const { sessionId } = this;
    const { serverRandom } = this.secrets;
    const common = serverHelloExtensions(features, ownCid);
    if (plan.kind === 'full') {
      const extensions = addFullHandshakeExtensions(common, plan.negotiated);
      const values = { clientRandom: hello.random, serverRandom, sessionId, extensions };
      for (const message of serverFlight(plan.negotiated, values, settings, this.ephemeral))
        this.outgoing.append(message, false);
      this.awaiting = plan.negotiated.clientCertificateType === undefined ? 'client key exchange' : 'certificate';
    } else {
      const { resumable } = plan;
      const values = { clientRandom: hello.random, serverRandom, sessionId, extensions: common };
      this.outgoing.append(resumedServerHello(this.suite.id, values), false);
      this.identity = resumable.identity;
      this.credential = resumable.credential;
      this.secrets.master = Buffer.from(masterOf(resumable));
      this.makeSession();
      this.outgoing.changeCipherSpec();
      this.outgoing.append({ type: types.finished, body: this.secrets.finished('server') }, true);
      this.awaiting = 'change cipher spec';
    }
    this.timer.start(this.now);
    this.sendFlight();
  }

  private takeTimer(): void {
    if (this.awaiting === 'nothing') return;
    if (this.now >= this.expiresAt) {
      const { peerAlert } = this;
      const reason =
        peerAlert === undefined
          ? `no ${this.awaiting} came in time`
          : `the client gave up: ${alertName(peerAlert)}${this.knowsIdentity ? '' : ' (unknown PSK identity)'}`;
      this.fail({ reason });
    } else if (this.timer.isDue(this.now)) this.sendFlight();
  }

  private takeRecord(record: DtlsRecord): void {
    if (this.awaiting === 'nothing') return;
    if (record.epoch === 0) this.takePlain(record);
    else if (record.epoch !== 1) return;
    else if (this.awaiting === 'finished') this.takeSealed(record);
    else this.held.hold(record);
  }

  private takePlain(record: DtlsRecord): void {
    const { fragment } = record;
    switch (record.type) {
      case contentTypes.handshake:
        // From here on only the Finished is awaited, and that is never plain.
        if (this.awaiting === 'finished') return;
        for (const piece of decodeFragments(fragment)) this.reassembler.add(piece);
        this.advance();
        break;
      case contentTypes.changeCipherSpec:
        if (fragment.length !== 1 || fragment[0] !== 1) return;
        // It has no place in the order of messages: one that comes early waits for its turn.
        this.changeCipherSpecSeen = true;
        this.advance();
        break;
      case contentTypes.alert: {
        const alert = decodeAlert(fragment);
        if (alert?.fatal === true) this.weigh(alert.description);
        break;
      }
      default:
    }
  }

  private weigh(description: number): void {
    this.peerAlert = description;
    this.timer.stop();
    this.expiresAt = Math.min(this.expiresAt, this.now + afterAlertMs);
  }

  private advance(): void {
    while (this.awaiting !== 'nothing' && this.awaiting !== 'pre-shared key' && this.awaiting !== 'finished') {
      if (this.awaiting === 'change cipher spec') {
        if (!this.changeCipherSpecSeen) return;
        this.awaiting = 'finished';
        // What was put aside in plain text must not be taken for the Finished.
        this.reassembler = new Reassembler(this.reassembler.expected, this.from.settings.limits.handshakeBytes);
        for (const record of this.held.take()) this.takeRecord(record);
        return;
      }
      const message = this.reassembler.next();
      if (message === undefined) return;
      this.timer.stop();
      this.takeMessage(message);
    }
  }

  private takeMessage(message: HandshakeMessage): void {
    if (message.type !== expectedType[this.awaiting]) {
      this.refuse('unexpected_message', `message ${message.type} in place of ${this.awaiting}`);
      return;
    }
    const signed = this.awaiting === 'certificate verify' ? this.transcript.bytes() : undefined;
    this.transcript.add(message.whole);
    if (signed !== undefined) this.takePossession(message.body, signed);
    else if (this.awaiting === 'certificate') this.takeCertificate(message.body);
    else this.takeKeyExchange(message.body);
  }

  private takeCertificate(body: Buffer): void {
    const { plan, settings } = this.from;
    if (plan.kind !== 'full' || settings.clientAuthentication === undefined) return;
    const type = plan.negotiated.clientCertificateType ?? 0;
    const found = readClientCertificate(body, type, settings.clientAuthentication, this.now);
    if ('alert' in found) {
      this.refuse(found.alert, found.reason);
      return;
    }
    if ('publicKey' in found) {
      this.client = found;
      this.identity = found.identity;
    }
    this.awaiting = 'client key exchange';
  }

  private takeKeyExchange(body: Buffer): void {
    const contribution = readContribution(body, this.suite, this.ephemeral);
    if ('alert' in contribution) {
      this.refuse(contribution.alert, contribution.reason);
      return;
    }
    this.contribution = contribution;
    if (usesPsk(this.suite) && contribution.identity !== undefined) {
      this.awaiting = 'pre-shared key';
      this.effects.push({ kind: 'lookup', identity: Buffer.from(contribution.identity) });
    } else this.agree(undefined);
  }

  private takePsk(found: Psk | undefined): void {
    const identity = this.contribution?.identity;
    if (this.awaiting !== 'pre-shared key' || identity === undefined) return;
    // An empty key would be known to everybody.
    const psk = found?.key.length === 0 ? undefined : found;
    const text = identityText(identity);
    this.knowsIdentity = psk !== undefined;
    this.credential = psk === undefined ? undefined : credentialDigest(psk, text);
    this.identity = { kind: 'psk', identity: text, ...(psk?.endpoint === undefined ? {} : { endpoint: psk.endpoint }) };
    if (psk === undefined && this.from.settings.tellUnknownIdentity) {
      this.refuse('unknown_psk_identity', 'unknown PSK identity');
      return;
    }
    // Nobody has a random key, so an unknown identity fails exactly where and as a wrong key does [RFC 4279 2].
    this.agree(psk?.key ?? this.from.random(16));
    this.advance();
  }

  private agree(psk: Buffer | undefined): void {
    const premaster = premasterOf(this.contribution as Contribution, psk);
    this.secrets.agree(premaster, this.from.features.extendedMasterSecret);
    this.contribution?.shared?.fill(0);
    this.makeSession();
    this.awaiting = this.client === undefined ? 'change cipher spec' : 'certificate verify';
  }

  private makeSession(): void {
    const { features, ownCid, plan, sessionName } = this.from;
    this.session = new Session({
      name: sessionName,
      cipher: new RecordCipher(this.suite, this.secrets.keep(plan.kind === 'full'), 'server'),
      identity: this.identity,
      credential: this.credential,
      ownCid: cidText(ownCid),
      peerCid: keep(features.clientCid ?? noBytes),
      maxPlaintext: features.maxPlaintext,
      maxReceived: features.maxReceived,
      now: this.now,
    });
    this.outgoing.session = this.session;
  }

  private takePossession(body: Buffer, signed: Buffer): void {
    const refusal = checkPossession(body, this.client as ClientKey, signed);
    if (refusal === undefined) this.awaiting = 'change cipher spec';
    else this.refuse(refusal.alert, refusal.reason);
  }

  private takeSealed(record: DtlsRecord): void {
    const session = this.session as Session;
    const opened = session.open(record, this.now);
    if (opened.kind === 'dropped') {
      // By its type it was meant to be the Finished; a stray of an older session would be data or an alert.
      const isFinished = record.type === contentTypes.handshake || record.type === contentTypes.tls12Cid;
      if (opened.why === 'forged' && isFinished) {
        this.refuse('decrypt_error', this.knowsIdentity ? 'wrong key' : 'unknown PSK identity');
      }
      return;
    }
    if (opened.type === contentTypes.applicationData) {
      if (this.early.length < mostEarly) this.early.push(opened.content);
    } else if (opened.type === contentTypes.handshake) {
      for (const piece of decodeFragments(opened.content)) this.reassembler.add(piece);
      const message = this.reassembler.next();
      if (message !== undefined) this.takeFinished(message);
    } else if (opened.type === contentTypes.alert) {
      const alert = decodeAlert(opened.content);
      if (alert?.fatal === true) this.fail({ reason: `the client gave up: ${alertName(alert.description)}` });
    }
  }

  private takeFinished(message: HandshakeMessage): void {
    if (message.type !== types.finished) {
      this.refuse('unexpected_message', `message ${message.type} in place of finished`);
      return;
    }
    const expected = this.secrets.finished('client');
    if (message.body.length !== expected.length || !timingSafeEqual(message.body, expected)) {
      this.refuse('decrypt_error', 'the Finished does not match the handshake');
      return;
    }
    this.transcript.add(message.whole);
    if (this.from.plan.kind === 'full') this.complete(this.from.plan.negotiated.suite);
    else this.establish(this.from.plan.resumable);
  }

  private complete(suite: CipherSuite): void {
    const { settings, features } = this.from;
    const session = this.session as Session;
    this.outgoing.begin();
    this.outgoing.changeCipherSpec();
    this.outgoing.append({ type: types.finished, body: this.secrets.finished('server') }, true);
    session.lastFlight = new LastFlight(this.outgoing, this.clientRandom, this.now);
    this.sendFlight();
    this.establish({
      id: sessionIdText(this.sessionId),
      suite,
      secret: this.secrets.kept,
      extendedMasterSecret: features.extendedMasterSecret,
      identity: this.identity,
      credential: this.credential,
      expiresAt: this.now + settings.limits.resumableMs,
    });
  }

  private establish(resumable: ResumableSession): void {
    const session = this.session as Session;
    session.resumable = resumable;
    this.secrets.destroy();
    this.awaiting = 'nothing';
    this.established = true;
    this.effects.push({ kind: 'established', session, early: this.early });
  }

  private sendFlight(): void {
    for (const datagram of this.outgoing.pack(this.timer.isPathDoubtful)) this.effects.push({ kind: 'send', datagram });
  }

  private refuse(alert: AlertName, reason: string): void {
    this.effects.push({ kind: 'send', datagram: this.outgoing.alert(alert) });
    this.fail({ reason, alert });
  }

  private fail(ending: Ending): void {
    const { identity } = this;
    const claimed = identity === undefined ? undefined : identityName(identity);
    this.release();
    this.effects.push({ kind: 'failed', ending: claimed === undefined ? ending : { ...ending, identity: claimed } });
  }
}
