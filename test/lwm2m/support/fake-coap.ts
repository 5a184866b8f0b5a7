import type {
  CoapEndpoint,
  CoapReply,
  CoapRequest,
  CoapResponse,
  ExchangeFailure,
  Observation,
  OutgoingRequest,
  RequestHandler,
  ResponseTaker,
} from '#src/coap/types.js';
import { ExchangeError, type NotificationListener } from '#src/coap/types.js';
import type { Clock } from '#src/core/clock.js';
import type { Peer } from '#src/core/datagram.js';
import { MemoryPeer } from '../../support/memory-port.js';

/** A request that the server has sent to a device, to be answered by the test. */
export interface Sent {
  readonly peer: Peer;
  readonly request: OutgoingRequest;
  /** Observe option: 0 or 1; undefined without one. */
  readonly observe?: number;
  answer(response: Partial<CoapResponse> & Pick<CoapResponse, 'code'>): void;
  fail(code: ExchangeFailure): void;
}

type Incoming = Partial<CoapRequest> & Pick<CoapRequest, 'method' | 'path'>;

/** A relation the server believes to have. */
export class FakeObservation implements Observation {
  readonly token: Buffer;
  readonly request: OutgoingRequest;
  /** From where the test lets its notifications come. */
  peer: Peer;
  readonly notify: (response: Partial<CoapResponse>) => void;
  readonly owns: (peer: Peer) => boolean;
  forgotten = false;
  private readonly cancelling: () => Promise<CoapResponse>;

  constructor(
    token: Buffer,
    peer: Peer,
    request: OutgoingRequest,
    notify: (response: CoapResponse) => void,
    owns: (peer: Peer) => boolean,
    cancelling: () => Promise<CoapResponse>,
  ) {
    this.token = token;
    this.peer = peer;
    this.request = request;
    this.notify = (response) => notify({ code: '2.05', payload: Buffer.alloc(0), ...response });
    this.owns = owns;
    this.cancelling = cancelling;
  }

  cancel(): Promise<CoapResponse> {
    this.forgotten = true;
    return this.cancelling();
  }

  forget(): void {
    this.forgotten = true;
  }
}

/** A CoAP endpoint without a network: the test plays the devices. */
export class FakeCoap implements CoapEndpoint {
  /** Requests that wait for an answer, oldest first. */
  readonly sent: Sent[] = [];
  readonly observations: FakeObservation[] = [];
  readonly forgotten: string[] = [];
  private handler: RequestHandler | undefined;
  private readonly clock: Clock;
  private tokens = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Knows every peer whose key begins with `peer of`. */
  peerAt(key: string): Peer | undefined {
    return key.startsWith('peer of') ? new MemoryPeer(key) : undefined;
  }

  async start(handler: RequestHandler): Promise<void> {
    this.handler = handler;
  }

  async stop(): Promise<void> {
    this.handler = undefined;
    for (const sent of this.sent.slice()) sent.fail('CANCELLED');
  }

  /** A device asks; resolves with the reply after its `sent` has been called. */
  async receive(peer: Peer, request: Incoming): Promise<CoapReply> {
    const reply = await this.receiveUnsent(peer, request);
    reply.sent?.();
    return reply;
  }

  /** A device asks; its reply is the test's to send. */
  async receiveUnsent(peer: Peer, request: Incoming): Promise<CoapReply> {
    if (this.handler === undefined) throw new Error('not started');
    return this.handler({ query: [], payload: Buffer.alloc(0), ...request }, peer);
  }

  ask(peer: Peer, request: OutgoingRequest, done: ResponseTaker, failed: (error: Error) => void): void {
    this.send(peer, request).then(done, failed);
  }

  async observe(
    peer: Peer,
    request: OutgoingRequest,
    listener: NotificationListener,
  ): Promise<{ response: CoapResponse; observation?: Observation }> {
    const response = await this.send(peer, request, 0);
    if (response.observe === undefined) return { response };
    this.tokens += 1;
    const token = Buffer.from(this.tokens.toString(16).padStart(16, '0'), 'hex');
    return { response, observation: this.relation(peer, token, request, listener) };
  }

  resume(peer: Peer, token: Buffer, request: OutgoingRequest, listener: NotificationListener): Observation {
    return this.relation(peer, token, request, listener);
  }

  forget(peer: Peer): void {
    this.forgotten.push(peer.key);
    for (const sent of this.sent.filter((other) => other.peer.key === peer.key)) sent.fail('CANCELLED');
  }

  /** The oldest request without an answer, taken out; an Error when there is none. */
  next(): Sent {
    const sent = this.sent[0];
    if (sent === undefined) throw new Error('the server has sent nothing');
    return sent;
  }

  private relation(
    peer: Peer,
    token: Buffer,
    request: OutgoingRequest,
    listener: NotificationListener,
  ): FakeObservation {
    const notify = (response: CoapResponse): void => listener.notified(response);
    const owns = (other: Peer): boolean => listener.owns?.(other) ?? other.key === peer.key;
    const observation = new FakeObservation(token, peer, request, notify, owns, () => this.send(peer, request, 1));
    this.observations.push(observation);
    return observation;
  }

  private send(peer: Peer, request: OutgoingRequest, observe?: number): Promise<CoapResponse> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        timer?.cancel();
        this.sent.splice(this.sent.indexOf(sent), 1);
      };
      const sent: Sent = {
        peer,
        request,
        ...(observe === undefined ? {} : { observe }),
        answer: (response) => {
          end();
          resolve({ payload: Buffer.alloc(0), ...response });
        },
        fail: (code) => {
          end();
          reject(new ExchangeError(code, code));
        },
      };
      const { withinMs } = request;
      const timer =
        withinMs === undefined ? undefined : this.clock.after('fake coap', withinMs, () => sent.fail('TIMEOUT'));
      this.sent.push(sent);
    });
  }
}

/** Lets everything run that waits for a promise only. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
}
