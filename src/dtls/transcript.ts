import { createHash } from 'node:crypto';
import type { PrfHash } from './prf.js';

/**
 * The handshake messages that count for Finished and CertificateVerify, each as if it had come unfragmented. They are
 * kept, not only hashed: CertificateVerify may name another hash than the suite's.
 */
export class Transcript {
  private readonly messages: Buffer[] = [];

  /** Appends a whole message, header included. The buffer must not change afterwards. */
  add(message: Buffer): void {
    this.messages.push(message);
  }

  /** The hash over everything so far. */
  digest(hash: PrfHash): Buffer {
    const running = createHash(hash);
    for (const message of this.messages) running.update(message);
    return running.digest();
  }

  /** Everything so far, as it is signed. */
  bytes(): Buffer {
    return Buffer.concat(this.messages);
  }
}
