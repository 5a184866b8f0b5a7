import { createHmac, timingSafeEqual } from 'node:crypto';
import type { RandomBytes } from '../core/random.js';
import type { ClientHello } from './messages/client-hello.js';

const cookieLength = 16;
/** How long a secret makes cookies; for as long again it still accepts them. */
const rotationMs = 60_000;

/**
 * Stateless proof that a client receives at its address [RFC 6347 4.2.1]. The cookie is bound to the address and to what
 * a client repeats in its second hello; not to the extensions, which some clients pad or drop there.
 */
export class CookieJar {
  private current: Buffer;
  private previous: Buffer;
  private rotatedAt: number;
  private readonly random: RandomBytes;

  constructor(random: RandomBytes, now: number) {
    this.random = random;
    this.current = random(32);
    this.previous = random(32);
    this.rotatedAt = now;
  }

  /** The cookie for a hello from this address. */
  make(address: string, hello: ClientHello, now: number): Buffer {
    this.rotate(now);
    return cookieOf(this.current, address, hello);
  }

  /** Whether the hello carries a cookie made for it of late. */
  accepts(address: string, hello: ClientHello, now: number): boolean {
    if (hello.cookie.length !== cookieLength) return false;
    this.rotate(now);
    return (
      timingSafeEqual(hello.cookie, cookieOf(this.current, address, hello)) ||
      timingSafeEqual(hello.cookie, cookieOf(this.previous, address, hello))
    );
  }

  private rotate(now: number): void {
    const age = now - this.rotatedAt;
    if (age < rotationMs) return;
    this.previous = age < 2 * rotationMs ? this.current : this.random(32);
    this.current = this.random(32);
    this.rotatedAt = now;
  }
}

function cookieOf(secret: Buffer, address: string, hello: ClientHello): Buffer {
  const hmac = createHmac('sha256', secret);
  const lengths = [address.length, hello.version, hello.sessionId.length, hello.suites.length];
  hmac.update(lengths.join()).update(address).update(hello.random).update(hello.sessionId);
  hmac.update(hello.suites.join()).update(hello.compressions);
  return hmac.digest().subarray(0, cookieLength);
}
