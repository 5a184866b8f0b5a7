import type { Method, OutgoingRequest } from '../coap/types.js';

/**
 * The request of a command. Observations keep theirs for as long as they live, of very many devices: hence one shape
 * for all, and nothing kept of the command once it is answered.
 */
export class OutgoingCommand implements OutgoingRequest {
  readonly method: Method;
  readonly path: readonly string[] | undefined;
  readonly query: readonly string[] | undefined;
  readonly contentFormat: number | undefined;
  readonly accept: number | undefined;
  readonly payload: Buffer | undefined;
  readonly timeoutMs: number;
  readonly withinMs: number | undefined;
  acknowledged: (() => void) | undefined;

  constructor(request: OutgoingRequest, timeoutMs: number, withinMs: number | undefined, acknowledged: () => void) {
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

  /** The command is answered. */
  release(): void {
    this.acknowledged = undefined;
  }
}
