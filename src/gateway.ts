import type { Config } from './config/config.js';
import type { Log } from './core/log.js';

/** The running whole. */
export interface Gateway {
  /** Rejects with code `LISTEN` when an address cannot be had. */
  start(): Promise<void>;
  /** Takes no more packets, and resolves when everything is written. */
  stop(): Promise<void>;
  /** Reads again what may change while running. */
  reload(): Promise<void>;
}

/** Builds the gateway from its configuration. */
export function createGateway(config: Config, log: Log): Gateway {
  let alive: NodeJS.Timeout | undefined;
  return {
    async start() {
      alive ??= setInterval(() => {}, 2 ** 30);
      log.info({ sn: config.sn.listeners, lwm2m: config.lwm2m.listeners }, 'started');
    },
    async stop() {
      clearInterval(alive);
      alive = undefined;
    },
    async reload() {
      log.info({}, 'reloaded');
    },
  };
}
