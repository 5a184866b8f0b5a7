import { createHash } from 'node:crypto';
import type { Clock } from '../core/clock.js';
import { transferKey } from './assembly.js';
import { type Block, blockOffset, blockSize } from './block.js';
import { type Body, BodyStore } from './bodies.js';
import type { RequestMessage } from './message.js';
import type { EndpointSettings } from './parameters.js';
import type { CoapReply } from './types.js';

interface Served extends Body {
  readonly reply: CoapReply;
  readonly etag: Buffer;
  readonly payload: Buffer;
}

/** One block of a reply. */
export interface Slice {
  readonly reply: CoapReply;
  readonly etag: Buffer;
  readonly block2: Block;
  readonly payload: Buffer;
  /** Size of the whole body, told with its first block. */
  readonly size2: number | undefined;
}

const nothing = Buffer.alloc(0);

/** Hands out replies that are larger than a block, block by block [RFC 7959 2.4], the same body to the end. */
export class Slices {
  private readonly settings: EndpointSettings;
  private readonly store: BodyStore<Served>;

  constructor(clock: Clock, settings: EndpointSettings) {
    const { bodiesPerPeer, bodyBytes } = settings.limits;
    this.settings = settings;
    this.store = new BodyStore(clock, 'coap response body', {
      count: bodiesPerPeer,
      ownerBytes: Number.POSITIVE_INFINITY,
      totalBytes: bodyBytes,
    });
  }

  /** Bodies of which blocks have not been asked for yet. */
  get size(): number {
    return this.store.size;
  }

  /** Starts on a reply and gives the block asked for; undefined if it lies beyond the end. */
  begin(owner: string, message: RequestMessage, reply: CoapReply, wanted: Block): Slice | undefined {
    const payload = reply.payload ?? nothing;
    // From the content, so that blocks fetched at random from two runs of a handler fit together if they may.
    const etag = reply.etag ?? createHash('sha256').update(payload).digest().subarray(0, 8);
    const served = { owner, key: transferKey(message), bytes: payload.length, reply, etag, payload };
    return this.cut(served, wanted);
  }

  /** A further block of a reply that has been started; undefined if there is none, 'beyond' past its end. */
  next(owner: string, message: RequestMessage, wanted: Block): Slice | 'beyond' | undefined {
    const served = this.store.get(owner, transferKey(message));
    return served === undefined ? undefined : (this.cut(served, wanted) ?? 'beyond');
  }

  clear(): void {
    this.store.clear();
  }

  private cut(served: Served, wanted: Block): Slice | undefined {
    const { payload, reply, etag } = served;
    const offset = blockOffset(wanted);
    if (offset > 0 && offset >= payload.length) return undefined;
    const szx = Math.min(wanted.szx, this.settings.szx);
    const size = blockSize(szx);
    const end = Math.min(offset + size, payload.length);
    const more = end < payload.length;
    if (more) this.store.touch(served);
    else this.store.delete(served);
    const size2 = offset === 0 ? payload.length : undefined;
    return { reply, etag, block2: { num: offset / size, more, szx }, payload: payload.subarray(offset, end), size2 };
  }
}
