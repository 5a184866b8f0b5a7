import { keepSecret } from './keep.js';
import { extendedMasterSecret, keyBlock, masterSecret, verifyData } from './prf.js';
import type { CipherSuite } from './suites.js';
import type { Transcript } from './transcript.js';

/** What a handshake computes from its master secret. */
export class HandshakeSecrets {
  readonly suite: CipherSuite;
  readonly clientRandom: Buffer;
  readonly serverRandom: Buffer;
  /** Empty until there is one. */
  master: Buffer = Buffer.alloc(0);
  /** What `keep` has made. */
  kept: Buffer = Buffer.alloc(0);
  private readonly transcript: Transcript;

  constructor(suite: CipherSuite, clientRandom: Buffer, serverRandom: Buffer, transcript: Transcript) {
    this.suite = suite;
    this.clientRandom = clientRandom;
    this.serverRandom = serverRandom;
    this.transcript = transcript;
  }

  /** Makes the master secret, bound to the transcript as it stands when `extended`; overwrites the premaster secret. */
  agree(premaster: Buffer, extended: boolean): void {
    const { hash } = this.suite;
    this.master = extended
      ? extendedMasterSecret(hash, premaster, this.transcript.digest(hash))
      : masterSecret(hash, premaster, this.clientRandom, this.serverRandom);
    premaster.fill(0);
  }

  /**
   * Makes what is kept for the life of the session: the key block, and `withMaster` the master secret behind it. A resumed
   * session has that from the one before.
   */
  keep(withMaster: boolean): Buffer {
    const block = keyBlock(this.suite, this.master, this.clientRandom, this.serverRandom);
    this.kept = keepSecret(Buffer.concat(withMaster ? [block, this.master] : [block]));
    block.fill(0);
    return this.kept;
  }

  /** The body of a Finished over the transcript as it stands. */
  finished(from: 'client' | 'server'): Buffer {
    const { hash } = this.suite;
    return verifyData(hash, this.master, from, this.transcript.digest(hash));
  }

  /** Overwrites the master secret, but not what is kept. */
  destroy(): void {
    this.master.fill(0);
  }

  /** Overwrites everything: no session has come of it. */
  discard(): void {
    this.destroy();
    this.kept.fill(0);
  }
}
