import { isIP, isIPv6 } from 'node:net';

/** An address to listen on. */
export interface Listener {
  /** An IP address, v4 or v6 without brackets. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
}

const unitMs: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  f: 1_209_600_000,
};

/** `15m`, `1h30m`, `500ms`, `1d`, or a bare number of seconds, as milliseconds; undefined if it is none. */
export function parseDuration(text: string): number | undefined {
  if (/^\d+(?:\.\d+)?$/.test(text)) return whole(Number(text) * 1000);
  if (!/^(?:\d+(?:\.\d+)?(?:ms|[smhdwf]))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, count, unit] of text.matchAll(/([\d.]+)(ms|[smhdwf])/g)) {
    sum += Number(count) * (unitMs[unit as string] as number);
  }
  return whole(sum);
}

/** Milliseconds as people write them: `15m`, `1h30m`, `1500ms`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  if (ms % 1000 !== 0) return `${ms}ms`;
  for (const unit of ['d', 'h', 'm']) {
    const size = unitMs[unit] as number;
    if (ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${ms / 1000}s`;
}

/** `1024KB`, `4MB`, or a bare number of bytes; K, M and G are powers of 1024. Undefined if it is none. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+) ?(?:b|([kmg])b?)?$/i.exec(text);
  if (match === null) return undefined;
  const power = match[2] === undefined ? 0 : ' kmg'.indexOf(match[2].toLowerCase());
  return whole(Number(match[1]) * 1024 ** power);
}

/** `on`, `off`, `true` or `false`; undefined if it is none. */
export function parseFlag(text: string): boolean | undefined {
  switch (text.toLowerCase()) {
    case 'on':
    case 'true':
      return true;
    case 'off':
    case 'false':
      return false;
    default:
      return undefined;
  }
}

/** A whole number without sign; undefined if it is none. */
export function parseWhole(text: string): number | undefined {
  return /^\d+$/.test(text) ? whole(Number(text)) : undefined;
}

/**
 * `1884` (every IPv4 address), `127.0.0.1:1884`, `[::1]:1884`, or EMQX's `::1:1884` and `:::1884`, where the last colon
 * parts the port. Undefined if it is none.
 */
export function parseListener(text: string): Listener | undefined {
  const match = /^(?:\[([^\]]+)\]:|(.+):)?(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const host = match[1] ?? match[2] ?? '0.0.0.0';
  const port = Number(match[3]);
  const known = match[1] === undefined ? isIP(host) !== 0 : isIPv6(host);
  return known && port <= 65_535 ? { host, port } : undefined;
}

/** `127.0.0.1:1884`, `[::1]:1884`. */
export function formatListener({ host, port }: Listener): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/** The parts between commas, without the white space around them and without empty ones. */
export function parseList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

const whole = (value: number): number | undefined => {
  const rounded = Math.round(value);
  return Number.isSafeInteger(rounded) && Math.abs(value - rounded) < 1e-6 ? rounded : undefined;
};
