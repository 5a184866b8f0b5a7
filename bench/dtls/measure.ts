/** What is measured of a DTLS server. */
export const measurements = {
  'psk-handshakes': { title: 'PSK handshakes', suite: 0xc0a8, clients: 4 },
  'ecdsa-handshakes': { title: 'ECDHE-ECDSA handshakes', suite: 0xc02b, clients: 4 },
  records: { title: 'Records sent back', suite: 0xc0a8, clients: 20 },
} as const;

export type Measurement = keyof typeof measurements;

/** One round, as the main process asks the load for it. */
export interface DtlsJob {
  readonly measurement: Measurement;
  readonly host: string;
  readonly port: number;
  readonly clients: number;
  readonly window: number;
  readonly payload: number;
  readonly warmupMs: number;
  readonly measureMs: number;
}

/** The load to the main process. */
export type FromLoad =
  | { readonly kind: 'phase'; readonly phase: 'start' | 'end' }
  | { readonly kind: 'counted'; readonly completed: number; readonly lost: number; readonly ms: number }
  | { readonly kind: 'failed'; readonly message: string };

/** Devices for the main process to send for: so many, the first with this number. */
export interface CrowdJob {
  readonly port: number;
  readonly first: number;
  readonly count: number;
}

/** The crowd to the main process. */
export type FromCrowd =
  | { readonly kind: 'arrived'; readonly first: number; readonly count: number }
  | { readonly kind: 'failed'; readonly message: string };

/** What a server under measurement is asked for. */
export type ToServer = 'collect garbage' | 'memory';

/** Its answer: bytes of its heap, and of buffers outside. */
export interface ServerMemory {
  readonly heapUsed: number;
  readonly heapTotal: number;
  readonly external: number;
  readonly arrayBuffers: number;
}
