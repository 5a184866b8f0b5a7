import { randomBytes } from 'node:crypto';
import { RecordCipher } from '#src/dtls/ciphers.js';
import { encodeList16, extensionTypes } from '#src/dtls/extensions.js';
import { type EphemeralKey, groups } from '#src/dtls/groups.js';
import { decodeFragments, encodeMessage, handshakeTypes } from '#src/dtls/handshake-message.js';
import { encodeClientHello } from '#src/dtls/messages/client-hello.js';
import { encodeClientKeyExchange } from '#src/dtls/messages/client-key-exchange.js';
import { decodeHelloVerifyRequest } from '#src/dtls/messages/hello-verify-request.js';
import { decodeServerHello } from '#src/dtls/messages/server-hello.js';
import { decodeServerKeyExchange } from '#src/dtls/messages/server-key-exchange.js';
import { pskPremaster } from '#src/dtls/premaster.js';
import { extendedMasterSecret, keyBlock, masterSecret, verifyData } from '#src/dtls/prf.js';
import { type HandshakeMessage, Reassembler } from '#src/dtls/reassembly.js';
import { contentTypes, decodeRecords, dtls12, encodePlainRecord } from '#src/dtls/record.js';
import { signatureSchemes } from '#src/dtls/signature-schemes.js';
import { type CipherSuite, suiteById, usesPsk } from '#src/dtls/suites.js';
import { Transcript } from '#src/dtls/transcript.js';

const noBytes = Buffer.alloc(0);
const alertClose = Buffer.from([1, 0]);

/** The pre-shared key of every server under measurement. */
export const sharedKey = { identity: 'dev1', key: Buffer.from('secretPSK') };

/**
 * A DTLS client that makes a server work: it checks no certificate and no Finished, and repeats nothing. A session of one
 * suite, without client certificate.
 */
export class DtlsClient {
  /** The handshake is complete. */
  onReady: () => void = () => {};
  onData: (data: Buffer) => void = () => {};
  /** The server has refused or ended it. */
  onAlert: (description: number) => void = () => {};
  private readonly suite: CipherSuite;
  private readonly send: (datagram: Buffer) => void;
  private readonly random = randomBytes(32);
  private transcript = new Transcript();
  private reassembler = new Reassembler(0, 65_536, () => 65_536);
  private cipher: RecordCipher | undefined;
  private serverRandom: Buffer = noBytes;
  private extendedMaster = false;
  private ephemeral: EphemeralKey | undefined;
  private peerPoint: Buffer = noBytes;
  private sequence = 0;
  private sealedSequence = 0;
  private messageSeq = 0;
  private readonly identity: string;
  private readonly asksForCid: boolean;
  private cid: Buffer = noBytes;

  /** `asksForCid`: the server is to give a connection id, and gets none. */
  constructor(
    suite: number,
    send: (datagram: Buffer) => void,
    { identity = sharedKey.identity, asksForCid = false } = {},
  ) {
    const found = suiteById(suite);
    if (found === undefined) throw new Error(`no suite ${suite}`);
    this.suite = found;
    this.send = send;
    this.identity = identity;
    this.asksForCid = asksForCid;
  }

  start(): void {
    this.sayHello(noBytes);
  }

  write(data: Uint8Array): void {
    this.send(this.sealed(contentTypes.applicationData, data));
  }

  /** Says goodbye, so that the server may forget it. */
  close(): void {
    if (this.cipher !== undefined) this.send(this.sealed(contentTypes.alert, alertClose));
  }

  receive(datagram: Buffer): void {
    for (const record of decodeRecords(datagram, 0)) {
      const opened = record.epoch === 0 ? undefined : this.cipher?.open(record);
      if (record.epoch !== 0 && opened === undefined) continue;
      const type = opened?.type ?? record.type;
      const content = opened?.content ?? record.fragment;
      if (type === contentTypes.applicationData) this.onData(content);
      else if (type === contentTypes.alert) this.onAlert(content[1] ?? 0);
      else if (type === contentTypes.handshake) this.takeHandshake(content);
    }
  }

  private takeHandshake(content: Buffer): void {
    for (const fragment of decodeFragments(content)) {
      if (fragment.type !== handshakeTypes.helloVerifyRequest) this.reassembler.add(fragment);
      else if (this.messageSeq === 1) {
        const cookie = decodeHelloVerifyRequest(fragment.body);
        if (cookie instanceof Error) throw cookie;
        // Some servers count their messages from the HelloVerifyRequest on, some from the hello they answer: both say 1.
        this.reassembler = new Reassembler(1, 65_536, () => 65_536);
        this.sayHello(cookie);
      }
    }
    for (let message = this.reassembler.next(); message; message = this.reassembler.next()) this.take(message);
  }

  private sayHello(cookie: Buffer): void {
    const ecdhe = !usesPsk(this.suite);
    const extensions = new Map<number, Buffer>([
      [extensionTypes.renegotiationInfo, Buffer.from([0])],
      [extensionTypes.extendedMasterSecret, noBytes],
    ]);
    if (ecdhe) {
      extensions.set(extensionTypes.supportedGroups, encodeList16([23]));
      extensions.set(extensionTypes.ecPointFormats, Buffer.from([1, 0]));
      extensions.set(extensionTypes.signatureAlgorithms, encodeList16(signatureSchemes.map(({ id }) => id)));
    }
    if (this.asksForCid) extensions.set(extensionTypes.connectionId, Buffer.from([0]));
    const { random } = this;
    const hello = { version: dtls12, random, sessionId: noBytes, cookie, suites: [this.suite.id] };
    this.transcript = new Transcript();
    const message = this.message(
      handshakeTypes.clientHello,
      encodeClientHello({ ...hello, compressions: Buffer.from([0]), extensions }),
    );
    this.send(encodePlainRecord(contentTypes.handshake, dtls12, this.sequence++, message));
  }

  private take(message: HandshakeMessage): void {
    this.transcript.add(message.whole);
    switch (message.type) {
      case handshakeTypes.serverHello: {
        const hello = decodeServerHello(message.body);
        if (hello instanceof Error) throw hello;
        this.serverRandom = Buffer.from(hello.random);
        this.extendedMaster = hello.extensions.has(extensionTypes.extendedMasterSecret);
        this.cid = Buffer.from(hello.extensions.get(extensionTypes.connectionId)?.subarray(1) ?? noBytes);
        break;
      }
      case handshakeTypes.serverKeyExchange: {
        const exchange = decodeServerKeyExchange(message.body, this.suite.keyExchange);
        if (exchange instanceof Error) throw exchange;
        this.ephemeral = groups.find(({ id }) => id === exchange.params?.group)?.generate();
        this.peerPoint = Buffer.from(exchange.params?.point ?? noBytes);
        break;
      }
      case handshakeTypes.serverHelloDone:
        this.answer();
        break;
      case handshakeTypes.finished:
        this.onReady();
        break;
      default:
    }
  }

  private answer(): void {
    const { suite, random, serverRandom } = this;
    const psk = usesPsk(suite);
    const identity = psk ? Buffer.from(this.identity) : undefined;
    const exchange = encodeClientKeyExchange({ identity, point: this.ephemeral?.point });
    const message = this.message(handshakeTypes.clientKeyExchange, exchange);
    const premaster = psk ? pskPremaster(sharedKey.key) : this.ephemeral?.agree(this.peerPoint);
    if (premaster === undefined) throw new Error('the server has shown no key');
    const master = this.extendedMaster
      ? extendedMasterSecret(suite.hash, premaster, this.transcript.digest(suite.hash))
      : masterSecret(suite.hash, premaster, random, serverRandom);
    this.cipher = new RecordCipher(suite, keyBlock(suite, master, random, serverRandom), 'client');
    const finished = this.message(
      handshakeTypes.finished,
      verifyData(suite.hash, master, 'client', this.transcript.digest(suite.hash)),
    );
    this.send(
      Buffer.concat([
        encodePlainRecord(contentTypes.handshake, dtls12, this.sequence++, message),
        encodePlainRecord(contentTypes.changeCipherSpec, dtls12, this.sequence++, Buffer.from([1])),
        this.sealed(contentTypes.handshake, finished),
      ]),
    );
  }

  private message(type: number, body: Buffer): Buffer {
    const message = encodeMessage(type, this.messageSeq++, body);
    this.transcript.add(message);
    return message;
  }

  private sealed(type: number, content: Uint8Array): Buffer {
    if (this.cipher === undefined) throw new Error('no keys yet');
    return this.cipher.seal(type, 1, this.sealedSequence++, content, this.cid);
  }
}
