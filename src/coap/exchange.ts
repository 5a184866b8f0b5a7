import type { Clock } from '../core/clock.js';
import { Deadline, DeadlineHeap } from '../core/deadline-heap.js';
import type { ResponseMessage } from './message.js';
import type { Options } from './options.js';
import type { Outbox } from './outbox.js';
import type { PeerState } from './peers.js';
import type { Confirmable, Reliability } from './reliability.js';
import type { TokenSource } from './tokens.js';
import { cancelTurns } from './turns.js';
import { ExchangeError, type Method } from './types.js';

/** Who asked. Exactly one of `answered` and `failed` is called, unless the exchange is abandoned. */
export interface ExchangeOwner {
  /** The response to one request, a block perhaps. */
  answered(message: ResponseMessage): void;
  failed(error: ExchangeError): void;
  /** The peer has the request and answers later. */
  acknowledged(): void;
}

/** One request as it goes into one message. */
export interface ExchangeRequest {
  readonly method: Method;
  readonly options: Options;
  readonly payload: Buffer;
  /** Wait for the response after the acknowledgement, ms. */
  readonly timeoutMs: number;
  /** Wait for the response from now on, ms; may be infinite. */
  readonly withinMs: number;
  /** Whether it is sent until it is acknowledged, or once and no more. */
  readonly confirmable: boolean;
}

/** One request of ours and its response, matched by peer and token [RFC 7252 5.3.2]. */
export class Exchange implements Confirmable {
  readonly to: PeerState;
  readonly mid: number;
  readonly datagram: Buffer;
  /** The token, as a key. */
  readonly key: string;
  repeated = 0;
  waitMs = 0;
  readonly retransmission: Deadline<Confirmable> = new Deadline(this);
  readonly response: Deadline<Exchange> = new Deadline(this);
  readonly timeoutMs: number;
  /** When it is given up in any case, ms. */
  readonly giveUpAt: number;
  readonly owner: ExchangeOwner;
  private readonly exchanges: Exchanges;

  constructor(
    exchanges: Exchanges,
    to: PeerState,
    mid: number,
    key: string,
    datagram: Buffer,
    timeoutMs: number,
    giveUpAt: number,
    owner: ExchangeOwner,
  ) {
    this.exchanges = exchanges;
    this.to = to;
    this.mid = mid;
    this.key = key;
    this.datagram = datagram;
    this.timeoutMs = timeoutMs;
    this.giveUpAt = giveUpAt;
    this.owner = owner;
  }

  transmitted(): void {}

  acknowledged(): void {
    this.exchanges.awaitResponse(this);
    this.owner.acknowledged();
  }

  reset(): void {
    this.exchanges.fail(this, new ExchangeError('RESET', 'the device rejected the request with a reset'));
  }

  timedOut(): void {
    this.exchanges.fail(this, new ExchangeError('TIMEOUT', 'the device does not answer'));
  }
}

/** All requests of ours that wait for a response. */
export class Exchanges {
  private readonly clock: Clock;
  private readonly outbox: Outbox;
  private readonly reliability: Reliability;
  private readonly tokens: TokenSource;
  private readonly deadlines: DeadlineHeap<Exchange>;

  constructor(clock: Clock, outbox: Outbox, reliability: Reliability, tokens: TokenSource) {
    this.clock = clock;
    this.outbox = outbox;
    this.reliability = reliability;
    this.tokens = tokens;
    this.deadlines = new DeadlineHeap(clock, 'coap response', (exchange) =>
      this.fail(exchange, new ExchangeError('TIMEOUT', 'no response within the time given')),
    );
  }

  /** Sends a request, under a token of its own unless one is given. */
  open(to: PeerState, request: ExchangeRequest, owner: ExchangeOwner, givenKey?: string): Exchange {
    const key = givenKey ?? this.tokens.take((candidate) => to.exchange(candidate) !== undefined);
    const mid = to.takeMid();
    const { method, options, payload, timeoutMs, withinMs, confirmable } = request;
    const type = confirmable ? 'CON' : 'NON';
    const token = Buffer.from(key, 'latin1');
    const datagram = this.outbox.encode({ kind: 'request', type, mid, token, method, options, payload }, to.peer);
    const giveUpAt = this.clock.now() + withinMs;
    const exchange = new Exchange(this, to, mid, key, datagram, timeoutMs, giveUpAt, owner);
    to.add(exchange);
    if (confirmable) {
      if (giveUpAt < Number.POSITIVE_INFINITY) this.deadlines.set(exchange.response, giveUpAt);
      this.reliability.send(exchange);
    } else {
      this.awaitResponse(exchange);
      to.peer.send(datagram);
    }
    return exchange;
  }

  /** A response has come; it also stands for the acknowledgement that it may have overtaken. */
  answered(exchange: Exchange, message: ResponseMessage): void {
    this.close(exchange);
    exchange.owner.answered(message);
  }

  fail(exchange: Exchange, error: ExchangeError): void {
    this.close(exchange);
    exchange.owner.failed(error);
  }

  /** Gives up in silence. */
  close(exchange: Exchange): void {
    exchange.to.remove(exchange);
    this.reliability.settle(exchange);
    this.deadlines.cancel(exchange.response);
  }

  /** Gives up every exchange with a peer. */
  cancelAll(state: PeerState): void {
    const exchanges = [...(state.exchanges ?? [])];
    this.reliability.abandon(state);
    cancelTurns(state);
    for (const exchange of exchanges) this.fail(exchange, new ExchangeError('CANCELLED', 'given up'));
  }

  /** From now on, only the response is waited for. */
  awaitResponse(exchange: Exchange): void {
    this.deadlines.set(exchange.response, Math.min(this.clock.now() + exchange.timeoutMs, exchange.giveUpAt));
  }

  clear(): void {
    this.deadlines.clear();
  }
}
