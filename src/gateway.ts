import type { Config } from './config/config.js';
import { systemClock } from './core/clock.js';
import type { Log } from './core/log.js';
import { Metrics } from './core/metrics.js';
import { LevelStore } from './store/level-store.js';
import type { Store } from './store/store.js';
import { accessRules } from './wiring/access.js';
import { brokerSide } from './wiring/broker.js';
import { dtlsPorts } from './wiring/dtls.js';
import { lwm2mPorts, lwm2mServer, objectRegistry } from './wiring/lwm2m.js';
import { snAudience, snBelowDtls, snDiscovery, snPorts, snServer } from './wiring/mqttsn.js';

/** The running whole. */
export interface Gateway {
  /**
   * Rejects with code `LISTEN` when an address cannot be had, `STORE` when the data folder cannot, `CONFIG` or `XML_DIR`
   * and others (see cli/start.ts) when a file or a value named in the configuration is no good.
   */
  start(): Promise<void>;
  /** Takes no more packets, and resolves when everything is written. */
  stop(): Promise<void>;
  /** Reads again what may change while running: users, rights, object definitions. */
  reload(): Promise<void>;
}

/** Builds the gateway from its configuration; `openStore` is where it keeps what survives. */
export function createGateway(
  config: Config,
  log: Log,
  openStore: (dir: string, log: Log) => Promise<Store> = LevelStore.open,
): Gateway {
  const around = { clock: systemClock, log, metrics: new Metrics() };
  const access = accessRules(config.broker);
  const definitions = objectRegistry(config.lwm2m, around);
  /** What has been started, to be stopped in reverse. */
  const running: { stop(): Promise<void> | void }[] = [];
  const begin = async <T extends { start(): Promise<void> | void; stop(): Promise<void> | void }>(
    part: T,
  ): Promise<T> => {
    await part.start();
    running.push(part);
    return part;
  };

  return {
    async start() {
      const mqtt = brokerSide(config.broker, access, around);
      const sn = snPorts(config.sn, around);
      const lwm2m = lwm2mPorts(config.lwm2m, around);

      await access.load();
      const store = await openStore(config.store.dir, log.child({ part: 'store' }));
      running.push({ stop: () => store.close() });
      await begin(definitions);
      const broker = await begin(mqtt.broker(store));
      const kept = { dir: config.store.dir, store };
      const { listeners, dtls } = config.sn;
      const snDtls = await dtlsPorts('mqttsn', listeners, dtls, kept, around, snBelowDtls(config.sn));
      const lwm2mDtls = await dtlsPorts('lwm2m', config.lwm2m.listeners, config.lwm2m.dtls, kept, around);
      running.push(snDtls, lwm2mDtls);
      const snAll = { udp: sn, dtls: snDtls.ports };
      const snDevices = await begin(snServer(config.sn, snAll, broker, store, around));
      const lwm2mAll = [...lwm2m, ...lwm2mDtls.ports];
      const lwm2mDevices = await begin(
        lwm2mServer(config.lwm2m, lwm2mAll, definitions, broker, mqtt.own, store, around),
      );
      const discovery = snDiscovery(config.sn, around);
      discovery.start(snAudience(config.sn, sn));
      running.push(discovery);
      for (const door of mqtt.doors) await begin(door);
      for (const topics of mqtt.systemTopics({ sn: snDevices, lwm2m: lwm2mDevices })) await begin(topics);

      for (const { name } of mqtt.doors) log.info({ part: 'broker' }, `MQTT listens on ${name}`);
      for (const { name } of [...sn, ...snDtls.ports]) log.info({ part: 'mqttsn' }, `MQTT-SN listens on ${name}`);
      for (const { name } of [...lwm2m, ...lwm2mDtls.ports]) log.info({ part: 'lwm2m' }, `LwM2M listens on ${name}`);
      if (lwm2mDtls.ports.length === 0)
        log.info({ part: 'dtls' }, 'DTLS is off for LwM2M: no credential is configured');
      if (snDtls.ports.length === 0) log.info({ part: 'dtls' }, 'DTLS is off for MQTT-SN: no credential is configured');
      if (config.broker.mode === 'embedded' && config.broker.allowAnonymous) {
        log.warn({ part: 'broker' }, 'there is no authentication: anybody may connect (broker.allow_anonymous = true)');
      }
    },

    async stop() {
      for (let part = running.pop(); part !== undefined; part = running.pop()) await part.stop();
    },

    async reload() {
      await access.load();
      await definitions.reload();
      log.info({}, 'users, rights and object definitions read again');
    },
  };
}
