import type { Duplex } from 'node:stream';

type Chunk = string | Buffer;

/** A chunk of at least this many bytes is not worth copying. */
const large = 4096;

/** Below this it is quicker to copy byte by byte than to call for it. */
const tiny = 16;

/**
 * Sends what is written to a connection in one turn of the event loop as one buffer, with one system call. mqtt-packet
 * writes a packet in five pieces, and a subscriber to many devices gets many packets in a turn: handing each piece to the
 * stream cost more than all the rest of delivering them. Strings are written as UTF-8, whatever the encoding asked for.
 */
export function gatherWrites(stream: Duplex): void {
  const write = stream.write.bind(stream) as (chunk: Chunk, done?: () => void) => boolean;
  const [cork, uncork] = [stream.cork.bind(stream), stream.uncork.bind(stream)];
  const end = stream.end.bind(stream) as (...args: unknown[]) => Duplex;
  let gathered: Chunk[] = [];
  let bytes = 0;
  let told = true;

  const flush = (): void => {
    if (gathered.length === 0) return;
    const chunks = gathered;
    const length = bytes;
    gathered = [];
    bytes = 0;
    if (stream.destroyed || stream.writableEnded) return;
    const [first] = chunks;
    const room = write(chunks.length === 1 && typeof first === 'object' ? first : join(chunks, length));
    // Whoever was told to wait meanwhile waits for this event, which the stream only sends when it said so itself.
    if (room && !told) stream.emit('drain');
    told = true;
  };

  const gathering = (chunk: Chunk, ...rest: unknown[]): boolean => {
    const length = typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.length;
    if (length >= large || rest.length > 0) {
      cork();
      flush();
      const room = (write as (...args: unknown[]) => boolean)(chunk, ...rest);
      uncork();
      return room;
    }
    if (gathered.length === 0) setImmediate(flush);
    gathered.push(chunk);
    bytes += length;
    told = stream.writableLength + bytes < stream.writableHighWaterMark;
    return told;
  };

  Object.assign(stream, {
    write: gathering,
    end: (...args: unknown[]): Duplex => {
      flush();
      return end(...args);
    },
    // What is gathered needs no corking.
    cork: nothing,
    uncork: nothing,
  });
}

function nothing(): void {}

function join(chunks: readonly Chunk[], length: number): Buffer {
  const joined = Buffer.allocUnsafe(length);
  let at = 0;
  for (const chunk of chunks) {
    if (typeof chunk === 'string') at += joined.write(chunk, at);
    else if (chunk.length > tiny) {
      joined.set(chunk, at);
      at += chunk.length;
    } else for (let i = 0; i < chunk.length; i++) joined[at++] = chunk[i] as number;
  }
  return joined;
}
