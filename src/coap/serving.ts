import type { Clock } from '../core/clock.js';
import type { Peer } from '../core/datagram.js';
import { DeadlineHeap } from '../core/deadline-heap.js';
import type { Counter, Metrics } from '../core/metrics.js';
import { Assemblies } from './assembly.js';
import { blockOffset, blockSize, RESERVED_SZX } from './block.js';
import { Call, SeparateResponse } from './call.js';
import type { Complaints } from './complaints.js';
import type { Deduplication } from './deduplication.js';
import type { RequestMessage, ResponseMessage } from './message.js';
import { Options } from './options.js';
import type { Outbox } from './outbox.js';
import type { EndpointSettings } from './parameters.js';
import type { PeerTable } from './peers.js';
import type { Reliability } from './reliability.js';
import { type Slice, Slices } from './slices.js';
import type { CoapReply, CoapRequest, RequestHandler, ResponseCode } from './types.js';
import { isWellKnownCore, wellKnownCore } from './well-known.js';

/** What serving needs of the rest of the endpoint. */
export interface ServingParts {
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly settings: EndpointSettings;
  readonly outbox: Outbox;
  readonly peers: PeerTable;
  readonly deduplication: Deduplication;
  readonly reliability: Reliability;
  readonly complaints: Complaints;
}

const nothing = Buffer.alloc(0);

/** The server role: takes request messages, runs the handler with whole requests, and answers. */
export class Serving {
  handler: RequestHandler | undefined;
  private readonly parts: ServingParts;
  private readonly assemblies: Assemblies;
  private readonly slices: Slices;
  /** Calls whose handler takes its time, until they are acknowledged without a response. */
  private readonly delays: DeadlineHeap<Call>;
  private readonly duplicates: Counter;
  private handling = 0;

  constructor(parts: ServingParts) {
    this.parts = parts;
    this.assemblies = new Assemblies(parts.clock, parts.settings);
    this.slices = new Slices(parts.clock, parts.settings);
    this.delays = new DeadlineHeap(parts.clock, 'coap processing', (call) => this.acknowledge(call));
    this.duplicates = parts.metrics.counter('coap.duplicates');
  }

  /** Takes a request message; `print` is its datagram's fingerprint. */
  take(message: RequestMessage, peer: Peer, print: number, now: number): void {
    const refusal = refusalOf(message);
    if (refusal !== undefined) {
      this.refuse(message, peer, refusal);
      return;
    }
    const { deduplication, settings } = this.parts;
    const state = this.parts.peers.obtain(peer, now);
    const known = deduplication.find(state, message, print, now);
    if (known !== undefined) {
      this.duplicates.value++;
      if (known.answer === 'ACK') this.parts.outbox.empty('ACK', message.mid, peer);
      else if (known.answer === 'reply') peer.send(Buffer.from(known.reply, 'latin1'));
      return;
    }
    const { handlingPerPeer, handling } = settings.limits;
    if (state.handling >= handlingPerPeer || this.handling >= handling) {
      this.parts.complaints.add('overload', peer.address, `${this.handling} requests being handled`);
      return;
    }
    const call = new Call(state, state.peer, message, deduplication.begin(state, message, print, now));
    const { block1, block2 } = message.options;
    if (block1 === undefined && block2 === undefined) this.run(call, message.payload, message.options.contentFormat);
    else this.takeBlock(call);
  }

  clear(): void {
    this.handler = undefined;
    this.delays.clear();
    this.assemblies.clear();
    this.slices.clear();
  }

  /** Refuses in as few bytes as can be, and remembers nothing: the question may come from a forged address. */
  private refuse(message: RequestMessage, peer: Peer, code: ResponseCode): void {
    const kind = code === '4.02' ? 'bad_options' : 'refused';
    this.parts.complaints.add(kind, peer.address, message.options.bad ?? code);
    if (message.type === 'NON') return;
    const { mid, token } = message;
    const options = new Options();
    this.parts.outbox.send({ kind: 'response', type: 'ACK', mid, token, code, options, payload: nothing }, peer);
  }

  private takeBlock(call: Call): void {
    const { message, state } = call;
    const { block1, block2 } = message.options;
    if (block2?.szx === RESERVED_SZX) {
      this.finish(call, { code: '4.00' });
    } else if (block2 !== undefined && block2.num > 0) {
      const slice = this.slices.next(state.key, message, block2);
      if (slice === 'beyond') this.finish(call, { code: '4.00' });
      else if (slice !== undefined) this.respondSlice(call, slice);
      else if (isSafe(message)) this.run(call, message.payload, message.options.contentFormat);
      else this.finish(call, { code: '4.08' });
    } else if (block1 === undefined) {
      this.run(call, message.payload, message.options.contentFormat);
    } else {
      this.assemble(call, block1);
    }
  }

  private assemble(call: Call, block: NonNullable<Options['block1']>): void {
    const assembled = this.assemblies.take(call.state.key, call.message, block);
    const options = new Options();
    switch (assembled.kind) {
      case 'whole':
        call.block1 = assembled.block1;
        this.run(call, assembled.body, assembled.contentFormat);
        return;
      case 'more':
        options.block1 = assembled.block1;
        this.respond(call, '2.31', options, nothing);
        return;
      case 'refused':
        options.size1 = assembled.size1;
        this.respond(call, assembled.code, options, nothing);
    }
  }

  private run(call: Call, payload: Buffer, contentFormat: number | undefined): void {
    const { method, options } = call.message;
    const { settings } = this.parts;
    if (payload.length > settings.bodyLimit) {
      const limit = new Options();
      limit.size1 = settings.bodyLimit;
      this.respond(call, '4.13', limit, nothing);
      return;
    }
    const { path, query, accept, observe } = options;
    const request: CoapRequest = { method: method ?? 'GET', path, query, contentFormat, accept, observe, payload };
    if (isWellKnownCore(path)) {
      this.finish(call, wellKnownCore(settings.links, request));
      return;
    }
    try {
      const reply = this.handler?.(request, call.peer) ?? { code: '5.03' };
      if (reply instanceof Promise) this.defer(call, reply);
      else this.finish(call, reply);
    } catch (error) {
      this.fail(call, error);
    }
  }

  private settle(call: Call, reply: CoapReply): void {
    try {
      this.finish(call, reply);
    } catch (error) {
      this.fail(call, error);
    }
  }

  private defer(call: Call, reply: Promise<CoapReply>): void {
    const { clock, settings } = this.parts;
    this.handling++;
    call.state.handling++;
    if (call.message.type === 'CON') this.delays.set(call.delay, clock.now() + settings.processingDelayMs);
    reply.then(
      (value) => {
        this.leave(call);
        if (this.handler !== undefined) this.settle(call, value);
      },
      (error: unknown) => {
        this.leave(call);
        if (this.handler !== undefined) this.fail(call, error);
      },
    );
  }

  private leave(call: Call): void {
    this.handling--;
    call.state.handling--;
    this.delays.cancel(call.delay);
  }

  private acknowledge(call: Call): void {
    call.acknowledged = true;
    call.received.answer = 'ACK';
    this.parts.outbox.empty('ACK', call.message.mid, call.peer);
  }

  private fail(call: Call, error: unknown): void {
    this.parts.complaints.add('handler_errors', call.peer.address, error);
    this.finish(call, { code: '5.00' });
  }

  private finish(call: Call, reply: CoapReply): void {
    const payload = reply.payload ?? nothing;
    const wanted = call.message.options.block2 ?? { num: 0, more: false, szx: 6 };
    const size = blockSize(Math.min(wanted.szx, this.parts.settings.szx));
    // An error is said whole, whichever block was asked for.
    if (payload.length <= size && (blockOffset(wanted) === 0 || !reply.code.startsWith('2'))) {
      this.respond(call, reply.code, replyOptions(call, reply), payload, reply.sent);
      return;
    }
    const slice = this.slices.begin(call.state.key, call.message, reply, wanted);
    if (slice === undefined) this.respond(call, '4.00', new Options(), nothing);
    else this.respondSlice(call, slice);
  }

  private respondSlice(call: Call, slice: Slice): void {
    const { reply, block2 } = slice;
    const options = replyOptions(call, reply);
    options.etag = slice.etag;
    options.block2 = block2;
    options.size2 = slice.size2;
    this.respond(call, reply.code, options, slice.payload, block2.num === 0 ? reply.sent : undefined);
  }

  /** Sends a response message, in the acknowledgement if that has not gone [RFC 7252 5.2]. */
  private respond(call: Call, code: ResponseCode, options: Options, payload: Buffer, sent?: () => void): void {
    const { outbox, peers, deduplication, reliability, clock } = this.parts;
    const { peer, received } = call;
    const { type, mid, token } = call.message;
    if (type === 'CON' && !call.acknowledged) {
      const message: ResponseMessage = { kind: 'response', type: 'ACK', mid, token, code, options, payload };
      deduplication.done(received, outbox.send(message, peer));
      this.tell(sent, peer);
      return;
    }
    // Not call.state: it may have been forgotten while the handler ran, and the acknowledgement must find its message.
    const to = peers.obtain(peer, clock.now());
    const message: ResponseMessage = { kind: 'response', type, mid: to.takeMid(), token, code, options, payload };
    deduplication.done(received, call.acknowledged ? 'ACK' : 'nothing');
    if (type === 'CON') {
      const datagram = outbox.encode(message, peer);
      reliability.send(new SeparateResponse(to, message.mid, datagram, () => this.tell(sent, peer)), true);
    } else {
      outbox.send(message, peer);
      this.tell(sent, peer);
    }
  }

  private tell(sent: (() => void) | undefined, peer: Peer): void {
    if (sent === undefined) return;
    try {
      sent();
    } catch (error) {
      this.parts.complaints.add('callback_errors', peer.address, error);
    }
  }
}

/** Why a request is refused before anything else, if it is. */
function refusalOf(message: RequestMessage): ResponseCode | undefined {
  if (message.options.bad !== undefined) return '4.02';
  if (message.options.proxy) return '5.05';
  return message.method === undefined ? '4.05' : undefined;
}

/** Whether a request may be run once more for another block of its response. */
function isSafe(message: RequestMessage): boolean {
  return message.method === 'GET' || message.method === 'FETCH';
}

function replyOptions(call: Call, reply: CoapReply): Options {
  const options = new Options();
  if (reply.location !== undefined) options.location = reply.location;
  options.contentFormat = reply.contentFormat;
  options.observe = reply.observe;
  options.maxAge = reply.maxAge;
  options.etag = reply.etag;
  options.block1 = call.block1;
  return options;
}
