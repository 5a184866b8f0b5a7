import type { PeerState } from './peers.js';
import { ExchangeError, type OutgoingRequest } from './types.js';

/** A request that waits until a block-wise transfer is over. */
export interface Waiting {
  start(): void;
  failed(error: ExchangeError): void;
}

/** The transfers under way with one resource, normally one, and the requests that wait for their end. */
export interface Turn {
  holders: number;
  readonly line: Waiting[];
}

/** What block-wise transfers must not mix: nothing in a block tells two of them apart [RFC 7959 2.4, 2.5]. */
export function turnKey(request: OutgoingRequest): string {
  return JSON.stringify([request.method, request.path, request.query]);
}

/** Whether any block-wise transfer of ours with a peer is under way. */
export function hasTurns(to: PeerState): boolean {
  return to.turns !== undefined && to.turns.size > 0;
}

/** Has a request wait if a block-wise transfer with its resource is under way. False if none is. */
export function awaitTurn(to: PeerState, request: OutgoingRequest, waiting: Waiting): boolean {
  const turn = to.turns?.get(turnKey(request));
  turn?.line.push(waiting);
  return turn !== undefined;
}

/** A block-wise transfer begins. It may begin beside another that has gone too far to wait. */
export function takeTurn(to: PeerState, key: string): void {
  to.turns ??= new Map();
  const turn = to.turns.get(key);
  if (turn === undefined) to.turns.set(key, { holders: 1, line: [] });
  else turn.holders++;
}

/** A block-wise transfer has ended; those who waited for the last one try again. */
export function endTurn(to: PeerState, key: string): void {
  const turn = to.turns?.get(key);
  if (turn === undefined || --turn.holders > 0) return;
  to.turns?.delete(key);
  for (const waiting of turn.line) waiting.start();
}

/** Gives up everything that waits. */
export function cancelTurns(to: PeerState): void {
  const turns = [...(to.turns?.values() ?? [])];
  to.turns = undefined;
  for (const waiting of turns.flatMap((turn) => turn.line)) waiting.failed(new ExchangeError('CANCELLED', 'given up'));
}
