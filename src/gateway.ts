import type { Config } from './config/config.js';
import { systemClock } from './core/clock.js';
import type { Log } from './core/log.js';
import { Metrics } from './core/metrics.js';
import { embeddedBroker, mqttListeners } from './wiring/broker.js';
import { snAudience, snDiscovery, snPorts, snServer } from './wiring/mqttsn.js';

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
  const metrics = new Metrics();
  const around = { clock: systemClock, log, metrics };

  const broker = embeddedBroker(config.broker, around);
  const mqtt = mqttListeners(config.broker, around);
  const ports = snPorts(config.sn, around);
  const sn = snServer(config.sn, ports, broker, around);
  const discovery = snDiscovery(config.sn, around);

  return {
    async start() {
      await broker.start();
      await sn.start();
      discovery.start(snAudience(config.sn, ports));
      for (const listener of mqtt) await listener.start((stream, request) => broker.handleConnection(stream, request));

      for (const { name } of mqtt) log.info({ part: 'broker' }, `MQTT listens on ${name}`);
      for (const { name } of ports) log.info({ part: 'mqttsn' }, `MQTT-SN listens on ${name}`);
      if (config.broker.allowAnonymous) {
        log.warn({ part: 'broker' }, 'there is no authentication: anybody may connect (broker.allow_anonymous = true)');
      }
    },

    async stop() {
      for (const listener of mqtt) await listener.stop();
      discovery.stop();
      await sn.stop();
      await broker.stop();
    },

    async reload() {
      log.info({}, 'read everything again');
    },
  };
}
