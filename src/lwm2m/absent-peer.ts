import type { Identity, Peer } from '../core/datagram.js';

/** A peer of before a restart that cannot be reached until it is heard of: whatever is sent to it is lost. */
export class AbsentPeer implements Peer {
  readonly key: string;
  readonly identity: Identity | undefined;

  constructor(key: string, identity: Identity | undefined) {
    this.key = key;
    this.identity = identity;
  }

  get address(): string {
    return this.key;
  }

  send(): void {}
}
