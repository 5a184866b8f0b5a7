import type {
  CoapEndpoint,
  CoapReply,
  CoapRequest,
  CoapResponse,
  ExchangeFailure,
  Observation,
  OutgoingRequest,
  RequestHandler,
} from '#src/coap/types.js';
import { ExchangeError } from '#src/coap/types.js';
import type { Peer } from '#src/core/datagram.js';

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
  readonly token = Buffer.from('0102030405060708', 'hex');
  readonly request: OutgoingRequest;
  readonly notify: (response: Partial<CoapResponse>) => void;
  readonly owns: (peer: Peer) => boolean;
  forgotten = false;
  private readonly cancelling: () => Promise<CoapResponse>;

  constructor(
    request: OutgoingRequest,
    notify: (response: CoapResponse) => void,
    owns: (peer: Peer) => boolean,
    cancelling: () => Promise<CoapResponse>,
  ) {
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

  async start(handler: RequestHandler): Promise<void> {
    this.handler = handler;
  }

  async stop(): Promise<void> {
    this.handler = undefined;
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

  request(peer: Peer, request: OutgoingRequest): Promise<CoapResponse> {
    return this.send(peer, request);
  }

  async observe(
    peer: Peer,
    request: OutgoingRequest,
    notify: (response: CoapResponse) => void,
    owns: (peer: Peer) => boolean = (other) => other.key === peer.key,
  ): Promise<{ response: CoapResponse; observation?: Observation }> {
    const response = await this.send(peer, request, 0);
    if (response.observe === undefined) return { response };
    return { response, observation: this.relation(peer, request, notify, owns) };
  }

  resume(
    peer: Peer,
    _token: Buffer,
    request: OutgoingRequest,
    notify: (response: CoapResponse) => void,
    owns: (peer: Peer) => boolean = (other) => other.key === peer.key,
  ): Observation {
    return this.relation(peer, request, notify, owns);
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
    request: OutgoingRequest,
    notify: (response: CoapResponse) => void,
    owns: (peer: Peer) => boolean,
  ): FakeObservation {
    const observation = new FakeObservation(request, notify, owns, () => this.send(peer, request, 1));
    this.observations.push(observation);
    return observation;
  }

  private send(peer: Peer, request: OutgoingRequest, observe?: number): Promise<CoapResponse> {
    return new Promise((resolve, reject) => {
      const end = (): void => void this.sent.splice(this.sent.indexOf(sent), 1);
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
      this.sent.push(sent);
    });
  }
}

/** Lets everything run that waits for a promise only. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
}
