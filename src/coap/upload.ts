import { type Block, blockOffset, blockSize } from './block.js';
import type { ExchangeOwner, Exchanges } from './exchange.js';
import type { ResponseMessage } from './message.js';
import { Options } from './options.js';
import { BLOCK_RETRIES, type EndpointSettings, MAX_TRANSMIT_WAIT_MS } from './parameters.js';
import type { PeerState } from './peers.js';
import { endTurn, takeTurn, turnKey } from './turns.js';
import { ExchangeError, type OutgoingRequest } from './types.js';

const nothing = Buffer.alloc(0);

/** What every request of one transfer has in common: the options that say which resource, and in which form. */
export function resourceOptions(request: OutgoingRequest): Options {
  const options = new Options();
  if (request.path !== undefined) options.path = request.path;
  if (request.query !== undefined) options.query = request.query;
  options.accept = request.accept;
  return options;
}

/** The parts of an exchange that follow from the whole request. */
export function exchangeRequest(request: OutgoingRequest, options: Options, payload: Buffer) {
  return {
    method: request.method,
    options,
    payload,
    timeoutMs: request.timeoutMs ?? MAX_TRANSMIT_WAIT_MS,
    withinMs: request.withinMs ?? Number.POSITIVE_INFINITY,
    confirmable: request.confirmable ?? true,
  };
}

/** How an upload is to be made. */
export interface UploadOptions {
  readonly observe?: number;
  /** The token to use throughout, as a key. */
  readonly key?: string;
}

/** Sends one request of ours, in blocks if its body is larger than one [RFC 7959 2.5]. */
export class Upload implements ExchangeOwner {
  private readonly exchanges: Exchanges;
  private readonly settings: EndpointSettings;
  private readonly to: PeerState;
  private readonly request: OutgoingRequest;
  private readonly how: UploadOptions;
  /** Takes the response to the last block, which may itself be the first block of more. */
  private readonly done: (message: ResponseMessage) => void;
  private readonly broken: (error: ExchangeError) => void;
  private readonly body: Buffer;
  private key: string | undefined;
  /** The block on its way; undefined while the body goes whole. */
  private block: Block | undefined;
  private szx: number;
  private told = false;
  /** Set while the body goes in blocks. */
  private turn: string | undefined;
  private retries = 0;

  constructor(
    exchanges: Exchanges,
    settings: EndpointSettings,
    to: PeerState,
    request: OutgoingRequest,
    how: UploadOptions,
    done: (message: ResponseMessage) => void,
    failed: (error: ExchangeError) => void,
  ) {
    this.exchanges = exchanges;
    this.settings = settings;
    this.to = to;
    this.request = request;
    this.how = how;
    this.done = done;
    this.broken = failed;
    this.body = request.payload ?? nothing;
    this.key = how.key;
    this.szx = settings.szx;
  }

  start(): void {
    if (this.body.length > blockSize(this.szx)) this.sendBlock(0);
    else this.send(this.body);
  }

  acknowledged(): void {
    if (this.told) return;
    this.told = true;
    this.request.acknowledged?.();
  }

  answered(message: ResponseMessage): void {
    const { code } = message;
    const { block1, bad } = message.options;
    if (bad !== undefined) {
      this.protocol(`the response has an option that is not understood: ${bad}`);
    } else if (code === '4.13' && this.canShrink(message)) {
      this.szx = block1?.szx ?? 0;
      this.sendBlock(0);
    } else if (this.block === undefined || !this.block.more || !code.startsWith('2')) {
      this.finish(message);
    } else if (block1?.num !== this.block.num) {
      this.protocol(`block ${this.block.num} was answered ${code} as another block`);
    } else {
      const next = (this.block.num + 1) * blockSize(this.szx);
      this.szx = Math.min(this.szx, block1.szx);
      this.retries = 0;
      this.sendBlock(next);
    }
  }

  /** A block that gets lost with all its repetitions is worth another try when others have gone through. */
  failed(error: ExchangeError): void {
    if (error.code === 'TIMEOUT' && this.block !== undefined && this.block.num > 0 && this.retries++ < BLOCK_RETRIES) {
      this.sendBlock(blockOffset(this.block));
      return;
    }
    this.broken(error);
    this.leave();
  }

  private finish(message: ResponseMessage): void {
    if (message.code === '2.31') this.protocol('the last block was answered with a request for more');
    else this.done(message);
    this.leave();
  }

  private protocol(what: string): void {
    this.failed(new ExchangeError('PROTOCOL', what));
  }

  private leave(): void {
    if (this.turn !== undefined) endTurn(this.to, this.turn);
    this.turn = undefined;
  }

  /** Whether a 4.13 names a smaller block with which it is worth beginning anew [RFC 7959 2.9.3]. */
  private canShrink(message: ResponseMessage): boolean {
    const { block1, size1 } = message.options;
    if (block1 === undefined || (size1 !== undefined && size1 < this.body.length)) return false;
    const current = this.block === undefined ? this.body.length : blockSize(this.szx);
    return blockSize(block1.szx) < current;
  }

  private sendBlock(offset: number): void {
    if (this.turn === undefined) {
      this.turn = turnKey(this.request);
      takeTurn(this.to, this.turn);
    }
    const size = blockSize(this.szx);
    const end = Math.min(offset + size, this.body.length);
    this.block = { num: offset / size, more: end < this.body.length, szx: this.szx };
    this.send(this.body.subarray(offset, end));
  }

  private send(payload: Buffer): void {
    const options = resourceOptions(this.request);
    options.contentFormat = this.request.contentFormat;
    options.observe = this.how.observe;
    options.block1 = this.block;
    if (this.block?.num === 0) options.size1 = this.body.length;
    // A block size below the usual is asked for beforehand, or the first block would come too large.
    if (this.settings.szx < 6) options.block2 = { num: 0, more: false, szx: this.settings.szx };
    const exchange = this.exchanges.open(this.to, exchangeRequest(this.request, options, payload), this, this.key);
    if (!this.settings.tokenPerBlock) this.key = exchange.key;
  }
}
