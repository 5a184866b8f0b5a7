import type { Method, OutgoingRequest } from '../coap/types.js';
import { InternCache } from './intern-cache.js';

/** The request of a command, one shape for all. */
export class OutgoingCommand implements OutgoingRequest {
  readonly method: Method;
  readonly path: readonly string[] | undefined;
  readonly query: readonly string[] | undefined;
  readonly contentFormat: number | undefined;
  readonly accept: number | undefined;
  readonly payload: Buffer | undefined;
  readonly timeoutMs: number;
  readonly withinMs: number | undefined;
  readonly acknowledged: (() => void) | undefined;

  constructor(
    request: OutgoingRequest,
    timeoutMs: number,
    withinMs: number | undefined,
    acknowledged: (() => void) | undefined,
  ) {
    this.method = request.method;
    this.path = request.path;
    this.query = request.query;
    this.contentFormat = request.contentFormat;
    this.accept = request.accept;
    this.payload = request.payload;
    this.timeoutMs = timeoutMs;
    this.withinMs = withinMs;
    this.acknowledged = acknowledged;
  }
}

const kept = new InternCache<OutgoingCommand>(1000);

/** The same request to be kept for long, without the command: one for all devices that are asked alike. */
export function lasting(request: OutgoingCommand): OutgoingCommand {
  const { method, path = [], query = [], contentFormat, accept, payload, timeoutMs, withinMs } = request;
  const body = payload?.toString('latin1') ?? '';
  const key = JSON.stringify([method, path, query, contentFormat, accept, timeoutMs, withinMs, body]);
  return kept.get(key) ?? kept.add(key, new OutgoingCommand(request, timeoutMs, withinMs, undefined));
}
