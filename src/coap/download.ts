import { Writer } from '../core/bytes.js';
import { blockOffset, blockSize, RESERVED_SZX } from './block.js';
import type { Exchange, ExchangeOwner, Exchanges } from './exchange.js';
import type { ResponseMessage } from './message.js';
import { BLOCK_RETRIES, type EndpointSettings } from './parameters.js';
import type { PeerState } from './peers.js';
import { endTurn, takeTurn, turnKey } from './turns.js';
import { ExchangeError, type OutgoingRequest } from './types.js';
import { exchangeRequest, resourceOptions } from './upload.js';

const nothing = Buffer.alloc(0);
/** How often a body that changes while it is being fetched is begun anew. */
const maxRestarts = 2;

/** Fetches the rest of a response whose first block has come, and puts them together [RFC 7959 2.4]. */
export class Download implements ExchangeOwner {
  private readonly exchanges: Exchanges;
  private readonly settings: EndpointSettings;
  private readonly to: PeerState;
  private readonly request: OutgoingRequest;
  private readonly done: (message: ResponseMessage) => void;
  private readonly lost: (error: ExchangeError) => void;
  private key: string | undefined;
  private first: ResponseMessage | undefined;
  private body = new Writer(0);
  private szx: number;
  private exchange: Exchange | undefined;
  private restarts = 0;
  private retries = 0;
  private readonly turn: string;
  private taken = false;

  /** `key` is the token to use, if it is to be the same as before. `done` gets the first block with the whole body. */
  constructor(
    exchanges: Exchanges,
    settings: EndpointSettings,
    to: PeerState,
    request: OutgoingRequest,
    key: string | undefined,
    done: (message: ResponseMessage) => void,
    failed: (error: ExchangeError) => void,
  ) {
    this.exchanges = exchanges;
    this.settings = settings;
    this.szx = settings.szx;
    this.to = to;
    this.request = request;
    this.key = settings.tokenPerBlock ? undefined : key;
    this.done = done;
    this.lost = failed;
    this.turn = turnKey(request);
  }

  /** Begins with the first block. */
  start(first: ResponseMessage): void {
    this.body = new Writer(4 * blockSize(this.settings.szx));
    this.first = first;
    if (!this.taken) takeTurn(this.to, this.turn);
    this.taken = true;
    this.take(first);
  }

  /** Stops in silence. */
  cancel(): void {
    if (this.exchange !== undefined) this.exchanges.close(this.exchange);
    this.exchange = undefined;
    this.leave();
  }

  acknowledged(): void {}

  /** A block that gets lost with all its repetitions is worth another try: others have gone through. */
  failed(error: ExchangeError): void {
    if (error.code === 'TIMEOUT' && this.retries++ < BLOCK_RETRIES) {
      this.ask();
      return;
    }
    this.lost(error);
    this.leave();
  }

  private finish(message: ResponseMessage): void {
    this.done(message);
    this.leave();
  }

  private leave(): void {
    if (this.taken) endTurn(this.to, this.turn);
    this.taken = false;
  }

  answered(message: ResponseMessage): void {
    this.exchange = undefined;
    const { first } = this;
    if (message.options.bad !== undefined) {
      this.broken(`an option that is not understood: ${message.options.bad}`);
    } else if (!message.code.startsWith('2')) {
      // The peer has given up on the transfer; its word for it is the answer.
      this.finish(message);
    } else if (first === undefined) {
      this.start(message);
    } else if (message.code !== first.code) {
      this.broken(`block answered ${message.code} after ${first.code}`);
    } else if (sameBytes(message.options.etag, first.options.etag)) {
      this.take(message);
    } else {
      this.restart();
    }
  }

  private take(message: ResponseMessage): void {
    const { block2, size2 } = message.options;
    const { payload } = message;
    const limit = this.settings.bodyLimit;
    if (block2 === undefined || block2.szx === RESERVED_SZX || blockOffset(block2) !== this.body.size) {
      this.broken(`byte ${this.body.size} asked for, another block came`);
    } else if (block2.more && payload.length !== blockSize(block2.szx)) {
      this.broken(`a block of ${payload.length} bytes that should have ${blockSize(block2.szx)}`);
    } else if ((size2 ?? 0) > limit || this.body.size + payload.length > limit) {
      this.failed(new ExchangeError('TOO_LARGE', `the response is larger than ${limit} bytes`));
    } else {
      this.body.bytes(payload);
      this.retries = 0;
      this.szx = Math.min(block2.szx, this.settings.szx);
      if (block2.more) this.ask();
      else this.finish({ ...(this.first ?? message), payload: this.body.finish() });
    }
  }

  /** Other blocks of another body must not be mixed with these [RFC 7959 2.4]. */
  private restart(): void {
    const { method } = this.request;
    if (this.restarts++ === maxRestarts || (method !== 'GET' && method !== 'FETCH')) {
      this.broken('the body changes while it is being fetched');
      return;
    }
    this.first = undefined;
    this.body = new Writer(0);
    this.ask();
  }

  private ask(): void {
    const { szx } = this;
    const options = resourceOptions(this.request);
    options.block2 = { num: this.body.size / blockSize(szx), more: false, szx };
    // What a FETCH asks for is in its body, so every block's request must say it again [RFC 8132 2].
    const small =
      this.request.method === 'FETCH' && (this.request.payload?.length ?? 0) <= blockSize(this.settings.szx);
    const payload = small ? (this.request.payload ?? nothing) : nothing;
    if (small) options.contentFormat = this.request.contentFormat;
    this.exchange = this.exchanges.open(this.to, exchangeRequest(this.request, options, payload), this, this.key);
    if (!this.settings.tokenPerBlock) this.key = this.exchange.key;
  }

  private broken(how: string): void {
    this.failed(new ExchangeError('PROTOCOL', `block-wise response: ${how}`));
  }
}

function sameBytes(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b);
}
