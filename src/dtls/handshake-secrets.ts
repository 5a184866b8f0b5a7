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

  /** A new key block. */
  keyBlock(): Buffer {
    return keyBlock(this.suite, this.master, this.clientRandom, this.serverRandom);
  }

  /** The body of a Finished over the transcript as it stands. */
  finished(from: 'client' | 'server'): Buffer {
    const { hash } = this.suite;
    return verifyData(hash, this.master, from, this.transcript.digest(hash));
  }

  /** Overwrites the master secret. */
  destroy(): void {
    this.master.fill(0);
  }
}
