import { Writer } from '../core/bytes.js';
import type { Clock } from '../core/clock.js';
import { type Block, blockOffset, blockSize, RESERVED_SZX } from './block.js';
import { type Body, BodyStore } from './bodies.js';
import type { RequestMessage } from './message.js';
import type { EndpointSettings } from './parameters.js';
import type { ResponseCode } from './types.js';

interface Assembly extends Body {
  readonly writer: Writer;
  readonly contentFormat: number | undefined;
  /** Where the last block began, should it be sent again. */
  lastOffset: number;
}

/** What one block of a request leads to. */
export type Assembled =
  | { readonly kind: 'more'; readonly block1: Block }
  | {
      readonly kind: 'whole';
      readonly block1: Block;
      readonly body: Buffer;
      readonly contentFormat: number | undefined;
    }
  | { readonly kind: 'refused'; readonly code: ResponseCode; readonly size1?: number };

/** Which transfer a block belongs to: whatever its token, requests alike in everything but the block [RFC 7959 2.5]. */
export function transferKey(message: RequestMessage): string {
  const { path, query, requestTag } = message.options;
  return JSON.stringify([message.method, path, query, requestTag?.toString('hex')]);
}

/** Puts the bodies of requests together that arrive in blocks [RFC 7959 2.5]. */
export class Assemblies {
  private readonly settings: EndpointSettings;
  private readonly store: BodyStore<Assembly>;

  constructor(clock: Clock, settings: EndpointSettings) {
    const { bodiesPerPeer, bodyBytes } = settings.limits;
    this.settings = settings;
    this.store = new BodyStore(clock, 'coap request body', {
      count: bodiesPerPeer,
      ownerBytes: settings.bodyLimit,
      totalBytes: bodyBytes,
    });
  }

  /** Bodies of which blocks are missing. */
  get size(): number {
    return this.store.size;
  }

  /** Takes one block from a peer. */
  take(owner: string, message: RequestMessage, block: Block): Assembled {
    const { payload, options } = message;
    const size = blockSize(block.szx);
    if (block.szx === RESERVED_SZX || payload.length > size || (block.more && payload.length < size)) {
      return { kind: 'refused', code: '4.00' };
    }
    const key = transferKey(message);
    const known = this.store.get(owner, key);
    const offset = blockOffset(block);
    if (offset + payload.length > this.settings.bodyLimit || (options.size1 ?? 0) > this.settings.bodyLimit) {
      if (known !== undefined) this.store.delete(known);
      // Without a payload the question is so short that the limit would make the answer longer.
      return { kind: 'refused', code: '4.13', size1: payload.length > 0 ? this.settings.bodyLimit : undefined };
    }
    const assembly = offset === 0 ? begin(owner, key, options.contentFormat) : known;
    if (assembly === undefined || !fits(assembly, message, offset)) {
      if (known !== undefined) this.store.delete(known);
      return { kind: 'refused', code: '4.08' };
    }
    if (offset === assembly.writer.size) assembly.writer.bytes(payload);
    assembly.lastOffset = offset;
    const block1 = { num: block.num, more: block.more, szx: Math.min(block.szx, this.settings.szx) };
    if (block.more) {
      this.store.touch(assembly, assembly.writer.size);
      return { kind: 'more', block1 };
    }
    if (known !== undefined) this.store.delete(known);
    return { kind: 'whole', block1, body: assembly.writer.finish(), contentFormat: assembly.contentFormat };
  }

  clear(): void {
    this.store.clear();
  }
}

function begin(owner: string, key: string, contentFormat: number | undefined): Assembly {
  return { owner, key, bytes: 0, writer: new Writer(0), contentFormat, lastOffset: 0 };
}

/** Whether a block is the next one, or the last one again from a peer that has missed our answer. */
function fits(assembly: Assembly, message: RequestMessage, offset: number): boolean {
  const { size } = assembly.writer;
  const { contentFormat } = message.options;
  const repeated = offset === assembly.lastOffset && offset + message.payload.length === size;
  const sameFormat = contentFormat === undefined || contentFormat === assembly.contentFormat;
  return sameFormat && (offset === size || repeated);
}
