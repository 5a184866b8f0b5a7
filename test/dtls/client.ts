import { createPublicKey, type KeyObject, randomBytes, X509Certificate } from 'node:crypto';
import type { Clock, Timer } from '#src/core/clock.js';
import { DecodeError } from '#src/core/errors.js';
import { decodeAlert } from '#src/dtls/alert.js';
import { RecordCipher } from '#src/dtls/ciphers.js';
import { decodeOpaque8, encodeList16, encodeOpaque8, extensionTypes as ext } from '#src/dtls/extensions.js';
import { type FlightItem, packFlight, type RecordWriter } from '#src/dtls/flight.js';
import { type EphemeralKey, groups } from '#src/dtls/groups.js';
import { decodeFragments, encodeMessage, handshakeTypes as types } from '#src/dtls/handshake-message.js';
import { encodeCertificateChain, encodeRawPublicKey } from '#src/dtls/messages/certificate.js';
import { encodeCertificateVerify } from '#src/dtls/messages/certificate-verify.js';
import { encodeClientHello } from '#src/dtls/messages/client-hello.js';
import { encodeClientKeyExchange } from '#src/dtls/messages/client-key-exchange.js';
import { decodeHelloVerifyRequest } from '#src/dtls/messages/hello-verify-request.js';
import { decodeServerHello } from '#src/dtls/messages/server-hello.js';
import { decodeServerKeyExchange, encodeEcdhParams } from '#src/dtls/messages/server-key-exchange.js';
import { ecdhePskPremaster, pskPremaster } from '#src/dtls/premaster.js';
import { extendedMasterSecret, keyBlock, masterSecret, verifyData } from '#src/dtls/prf.js';
import { type HandshakeMessage, Reassembler } from '#src/dtls/reassembly.js';
import { contentTypes, decodeRecords, dtls12, encodePlainRecord } from '#src/dtls/record.js';
import { ReplayWindow } from '#src/dtls/replay-window.js';
import { isSignatureValid, signatureSchemes, signWith } from '#src/dtls/signature-schemes.js';
import { type CipherSuite, suiteById, usesPsk } from '#src/dtls/suites.js';
import { Transcript } from '#src/dtls/transcript.js';

/** What a test client brings and asks for. */
export interface ClientOptions {
  readonly suites: readonly number[];
  readonly identity?: Buffer | string;
  readonly psk?: Buffer;
  readonly extendedMasterSecret?: boolean;
  /** The connection id the client wants in records to it. */
  readonly cid?: Buffer;
  readonly groups?: readonly number[];
  readonly extensions?: ReadonlyMap<number, Buffer>;
  readonly key?: KeyObject;
  readonly chain?: readonly Buffer[];
  readonly rawPublicKey?: Buffer;
  readonly resume?: Resumption;
  /** Leaves out CertificateVerify although a certificate was sent. */
  readonly skipVerify?: boolean;
  readonly mtu?: number;
  readonly sessionId?: Buffer;
}

/** What a finished handshake leaves for resumption. */
export interface Resumption {
  readonly sessionId: Buffer;
  readonly master: Buffer;
}

const none = Buffer.alloc(0);

/** A DTLS 1.2 client for tests, with the retransmission a real one has. Not for anything else: it trusts everybody. */
export class TestClient implements RecordWriter {
  readonly options: ClientOptions;
  readonly received: Buffer[] = [];
  readonly alerts: number[] = [];
  readonly random = randomBytes(32);
  established = false;
  resumed = false;
  suite: CipherSuite | undefined;
  serverChain: Buffer = none;
  master: Buffer = none;
  sessionId: Buffer = none;
  /** In front of our records, chosen by the server. */
  serverCid: Buffer = none;
  serverExtensions: ReadonlyMap<number, Buffer> = new Map();
  cipher: RecordCipher | undefined;
  sequence = 0;
  sealedSequence = 0;
  padding = 0;
  /** When set, flight 5 is kept here instead of being sent. */
  heldFlight: FlightItem[] | undefined;
  private readonly send: (datagram: Buffer) => void;
  private readonly clock: Clock | undefined;
  private transcript = new Transcript();
  private reassembler = new Reassembler(0, 65_536, () => 65_536);
  private window = new ReplayWindow();
  private serverRandom: Buffer = none;
  private ephemeral: EphemeralKey | undefined;
  private peerPoint: Buffer = none;
  private certificateRequested = false;
  private flight: FlightItem[] = [];
  private nextSeq = 0;
  private timer: Timer | undefined;

  constructor(options: ClientOptions, send: (datagram: Buffer) => void, clock?: Clock) {
    this.options = options;
    this.send = send;
    this.clock = clock;
  }

  start(): void {
    this.hello(none);
  }

  /** The body of this client's hello. */
  helloBody(cookie: Buffer): Buffer {
    const { options, random } = this;
    const extensions = new Map<number, Buffer>([[ext.renegotiationInfo, Buffer.from([0])]]);
    extensions.set(ext.supportedGroups, encodeList16(options.groups ?? [23, 29, 24]));
    extensions.set(ext.ecPointFormats, Buffer.from([1, 0]));
    extensions.set(ext.signatureAlgorithms, encodeList16(signatureSchemes.map((scheme) => scheme.id)));
    if (options.extendedMasterSecret !== false) extensions.set(ext.extendedMasterSecret, none);
    if (options.cid !== undefined) extensions.set(ext.connectionId, encodeOpaque8(options.cid));
    if (options.rawPublicKey !== undefined) {
      extensions.set(ext.clientCertificateType, Buffer.from([1, 2]));
      extensions.set(ext.serverCertificateType, Buffer.from([1, 2]));
    }
    for (const [type, data] of options.extensions ?? []) extensions.set(type, data);
    const sessionId = options.resume?.sessionId ?? options.sessionId ?? none;
    const { suites } = options;
    const compressions = Buffer.from([0]);
    return encodeClientHello({ version: dtls12, random, sessionId, cookie, suites, compressions, extensions });
  }

  receive(datagram: Buffer): void {
    for (const record of decodeRecords(datagram, this.options.cid?.length ?? 0)) {
      if (record.epoch === 0) this.takeContent(record.type, record.fragment, false);
      else {
        if (this.cipher === undefined || !this.window.admits(record.sequence)) continue;
        const plain = this.cipher.open(record);
        if (plain === undefined) continue;
        this.window.mark(record.sequence);
        this.takeContent(plain.type, plain.content, true);
      }
    }
  }

  /** Sends application data. */
  write(data: Buffer | string): void {
    this.send(this.sealed(contentTypes.applicationData, Buffer.from(data)));
  }

  /** Sends any datagram. */
  raw(datagram: Buffer): void {
    this.send(datagram);
  }

  plain(type: number, content: Uint8Array): Buffer {
    return encodePlainRecord(type, dtls12, this.sequence++, content);
  }

  sealed(type: number, content: Uint8Array): Buffer {
    const { cipher } = this;
    if (cipher === undefined) throw new Error('no keys yet');
    return cipher.seal(type, 1, this.sealedSequence++, content, this.serverCid, this.padding);
  }

  overhead(): number {
    return 60;
  }

  /** Sends the current flight, again if it was sent before. */
  transmit(waitMs = 1000): void {
    if (this.heldFlight !== undefined && this.nextSeq > 2) {
      this.heldFlight = this.flight;
      return;
    }
    this.timer?.cancel();
    this.timer = this.clock?.after('client', waitMs, () => this.transmit(Math.min(waitMs * 2, 8000)));
    const limits = { mtu: this.options.mtu ?? 1200, maxPlaintext: 16_384 };
    for (const datagram of packFlight(this.flight, this, limits)) this.send(datagram);
  }

  stop(): void {
    this.timer?.cancel();
  }

  private hello(cookie: Buffer): void {
    this.transcript = new Transcript();
    this.flight = [];
    this.append(types.clientHello, this.helloBody(cookie), false);
    this.transmit();
  }

  private append(type: number, body: Buffer, sealed: boolean): void {
    const message = encodeMessage(type, this.nextSeq++, body);
    this.transcript.add(message);
    this.flight.push({ kind: 'message', message, sealed });
  }

  private takeContent(type: number, content: Buffer, sealed: boolean): void {
    if (type === contentTypes.alert) {
      const alert = decodeAlert(content);
      if (alert !== undefined) this.alerts.push(alert.description);
      if (alert?.fatal === true) this.stop();
    } else if (type === contentTypes.applicationData && sealed) {
      this.received.push(content);
    } else if (type === contentTypes.handshake) {
      for (const fragment of decodeFragments(content)) {
        if (fragment.type === types.helloVerifyRequest) this.takeVerifyRequest(fragment.body);
        else if ((fragment.type === types.finished) === sealed) this.reassembler.add(fragment);
      }
      for (let next = this.reassembler.next(); next; next = this.reassembler.next()) this.takeMessage(next);
      // A Finished of the server that comes again asks for ours in an abbreviated handshake.
      if (sealed && this.resumed && this.established) this.transmit();
    }
  }

  private takeVerifyRequest(body: Buffer): void {
    const cookie = decodeHelloVerifyRequest(body);
    if (cookie instanceof DecodeError || this.suite !== undefined || this.nextSeq !== 1) return;
    this.reassembler = new Reassembler(1, 65_536, () => 65_536);
    this.hello(cookie);
  }

  private takeMessage(message: HandshakeMessage): void {
    const before = this.transcript.digest(this.suite?.hash ?? 'sha256');
    this.transcript.add(message.whole);
    switch (message.type) {
      case types.serverHello:
        this.takeServerHello(message.body);
        break;
      case types.certificate:
        this.serverChain = message.body;
        break;
      case types.serverKeyExchange:
        this.takeServerKeyExchange(message.body);
        break;
      case types.certificateRequest:
        this.certificateRequested = true;
        break;
      case types.serverHelloDone:
        this.answer();
        break;
      case types.finished:
        this.takeFinished(message.body, before);
        break;
      default:
        throw new Error(`message ${message.type}`);
    }
  }

  private takeServerHello(body: Buffer): void {
    const hello = decodeServerHello(body);
    if (hello instanceof DecodeError) throw hello;
    this.suite = suiteById(hello.suite);
    this.serverRandom = Buffer.from(hello.random);
    this.sessionId = Buffer.from(hello.sessionId);
    this.serverExtensions = hello.extensions;
    const cid = hello.extensions.get(ext.connectionId);
    if (cid !== undefined) this.serverCid = Buffer.from(decodeOpaque8(cid));
    const { resume } = this.options;
    if (resume !== undefined && hello.sessionId.equals(resume.sessionId)) {
      this.resumed = true;
      this.useMaster(resume.master);
    }
  }

  private takeServerKeyExchange(body: Buffer): void {
    const { suite } = this;
    if (suite === undefined) throw new Error('no suite');
    const message = decodeServerKeyExchange(body, suite.keyExchange);
    if (message instanceof DecodeError) throw message;
    const { params, signature } = message;
    if (params === undefined) return;
    this.ephemeral = groups.find((group) => group.id === params.group)?.generate();
    this.peerPoint = params.point;
    if (signature === undefined) return;
    const signed = Buffer.concat([this.random, this.serverRandom, encodeEcdhParams(params)]);
    if (!isSignatureValid(signature.scheme, this.serverKey(), signed, signature.value))
      throw new Error('bad signature');
  }

  private serverKey(): KeyObject {
    if (this.options.rawPublicKey !== undefined) {
      return createPublicKey({ key: this.serverChain.subarray(3), type: 'spki', format: 'der' });
    }
    return new X509Certificate(this.serverChain.subarray(6)).publicKey;
  }

  private answer(): void {
    const { options, suite } = this;
    if (suite === undefined) throw new Error('no suite');
    this.flight = [];
    if (this.certificateRequested) {
      const raw = options.rawPublicKey;
      const body = raw === undefined ? encodeCertificateChain(options.chain ?? []) : encodeRawPublicKey(raw);
      this.append(types.certificate, body, false);
    }
    const identity = usesPsk(suite) ? Buffer.from(options.identity ?? 'dev1') : undefined;
    this.append(types.clientKeyExchange, encodeClientKeyExchange({ identity, point: this.ephemeral?.point }), false);
    const shared = this.ephemeral?.agree(this.peerPoint);
    const psk = options.psk ?? none;
    const premaster =
      shared === undefined ? pskPremaster(psk) : usesPsk(suite) ? ecdhePskPremaster(shared, psk) : shared;
    this.useMaster(
      options.extendedMasterSecret === false
        ? masterSecret(suite.hash, premaster, this.random, this.serverRandom)
        : extendedMasterSecret(suite.hash, premaster, this.transcript.digest(suite.hash)),
    );
    if (this.certificateRequested && options.key !== undefined && options.skipVerify !== true) {
      this.appendVerify(options.key);
    }
    this.finish();
  }

  private appendVerify(key: KeyObject): void {
    const scheme = signatureSchemes.find((candidate) => candidate.keyType === key.asymmetricKeyType);
    if (scheme === undefined) throw new Error('no scheme');
    const value = signWith(scheme, key, this.transcript.bytes());
    this.append(types.certificateVerify, encodeCertificateVerify({ scheme: scheme.id, value }), false);
  }

  private finish(): void {
    const hash = this.suite?.hash ?? 'sha256';
    this.flight.push({ kind: 'changeCipherSpec' });
    this.append(types.finished, verifyData(hash, this.master, 'client', this.transcript.digest(hash)), true);
    this.transmit();
  }

  private useMaster(master: Buffer): void {
    const { suite } = this;
    if (suite === undefined) throw new Error('no suite');
    this.master = master;
    this.cipher = new RecordCipher(suite, keyBlock(suite, master, this.random, this.serverRandom), 'client');
  }

  private takeFinished(body: Buffer, transcript: Buffer): void {
    const hash = this.suite?.hash ?? 'sha256';
    if (!body.equals(verifyData(hash, this.master, 'server', transcript))) throw new Error('bad Finished');
    if (this.resumed) {
      this.flight = [];
      this.finish();
    }
    this.stop();
    this.established = true;
  }
}
