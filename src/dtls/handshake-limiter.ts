import type { DtlsLimits } from './options.js';

interface Source {
  running: number;
  tokens: number;
  at: number;
}

/** How many sources are remembered before those that matter no more are dropped. */
const pruneAbove = 4096;

/**
 * Decides whether a handshake may begin: by how many run and how many have begun of late, in all and from one source.
 * Sources are only remembered once a cookie has proven them, so forged addresses cannot fill the table.
 */
export class HandshakeLimiter {
  private readonly sources = new Map<string, Source>();
  private readonly all: Source;
  private readonly limits: DtlsLimits;

  constructor(limits: DtlsLimits, now: number) {
    this.limits = limits;
    this.all = { running: 0, tokens: 2 * limits.handshakeRate, at: now };
  }

  /** Handshakes in progress. */
  get running(): number {
    return this.all.running;
  }

  /** Whether one from this source may begin; if so it is counted until it is released. */
  admit(source: string, now: number): boolean {
    const { limits, all } = this;
    let one = this.sources.get(source);
    if (one === undefined) {
      if (this.sources.size >= pruneAbove) this.prune(now);
      one = { running: 0, tokens: 2 * limits.handshakeRatePerSource, at: now };
      this.sources.set(source, one);
    }
    refill(all, limits.handshakeRate, now);
    refill(one, limits.handshakeRatePerSource, now);
    const full = all.running >= limits.handshakes || one.running >= limits.handshakesPerSource;
    if (full || all.tokens < 1 || one.tokens < 1) return false;
    for (const bucket of [all, one]) {
      bucket.tokens--;
      bucket.running++;
    }
    return true;
  }

  /** A handshake of this source is over, however it ended. */
  release(source: string): void {
    this.all.running--;
    const one = this.sources.get(source);
    if (one !== undefined) one.running--;
  }

  private prune(now: number): void {
    for (const [key, source] of this.sources) {
      if (source.running === 0 && now - source.at > 2000) this.sources.delete(key);
    }
  }
}

function refill(bucket: Source, perSecond: number, now: number): void {
  bucket.tokens = Math.min(2 * perSecond, bucket.tokens + ((now - bucket.at) * perSecond) / 1000);
  bucket.at = now;
}

/** What of an address counts as one source: an IPv4 address, or the first 64 bits of an IPv6 address. */
export function sourceOf(address: string): string {
  const host = address.slice(0, address.lastIndexOf(':')).replace(/^\[|\]$/g, '');
  if (!host.includes(':')) return host;
  const [left = '', right] = host.split('::');
  const groups = left === '' ? [] : left.split(':');
  const tail = right === undefined || right === '' ? [] : right.split(':');
  const zeros = right === undefined ? 0 : Math.max(0, 8 - groups.length - tail.length);
  return [...groups, ...Array<string>(zeros).fill('0'), ...tail].slice(0, 4).join(':');
}
