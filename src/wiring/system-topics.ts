import { SystemTopics, type SystemValues } from '../admin/system-topics.js';
import type { EmbeddedBroker } from '../broker/embedded.js';
import type { ExternalBroker } from '../broker/external.js';
import type { MqttListener } from '../broker/listeners.js';
import { packageVersion } from '../core/version.js';
import type { Lwm2mServer } from '../lwm2m/server.js';
import type { SnServer } from '../mqttsn/server.js';
import type { Around } from './around.js';

/** The devices' side, which is asked how things are. */
export interface Devices {
  readonly sn: SnServer;
  readonly lwm2m: Lwm2mServer;
}

/** Who is asked how things are. */
export interface Observed extends Devices {
  readonly broker: EmbeddedBroker;
  readonly listeners: readonly MqttListener[];
}

type Value = readonly [topic: string, value: string | number];

// Counters that begin with their first event are told from the start.
const counted = ['mqttsn.retransmissions', 'mqttsn.queue_dropped', 'mqttsn.queue_expired', 'coap.retransmissions'];

/** The topics under `$SYS/broker/`, with mosquitto's names; what mosquitto does not have is under `isthmus/`. */
export function systemTopics(intervalSeconds: number, observed: Observed, around: Around): SystemTopics {
  const { broker, listeners } = observed;
  const { clock, metrics } = around;
  const gateway = gatewayValues(around);
  let mostConnected = 0;

  const values = (): SystemValues => {
    const { links, clients } = broker.connected;
    const { offline, retained, queued, subscriptions } = broker.kept;
    const connected = links + clients;
    mostConnected = Math.max(mostConnected, connected);
    const counters = metrics.snapshot();
    return new Map<string, string | number>([
      ...gateway(),
      ['clients/connected', connected],
      ['clients/disconnected', offline],
      ['clients/total', connected + offline],
      ['clients/maximum', mostConnected],
      ['messages/received', counters['broker.packets_received'] ?? 0],
      ['messages/sent', counters['broker.packets_sent'] ?? 0],
      ['publish/messages/dropped', counters['broker.dropped_messages'] ?? 0],
      ['bytes/received', sum(listeners, ({ traffic }) => traffic.received)],
      ['bytes/sent', sum(listeners, ({ traffic }) => traffic.sent)],
      ['retained messages/count', retained],
      ['store/messages/count', queued],
      ['subscriptions/count', subscriptions],
      ['isthmus/mqtt/sessions/connected', clients],
      ['isthmus/mqtt/sessions/disconnected', offline],
      ['isthmus/mqtt/queued', queued],
      ...deviceValues(observed, counters).map(([topic, value]) => [`isthmus/${topic}`, value] as const),
    ]);
  };
  const publish = (topic: string, payload: string): void => broker.publishSystem(`$SYS/broker/${topic}`, payload);
  return new SystemTopics({ clock, intervalMs: intervalSeconds * 1000, values, publish });
}

/** What a gateway tells at a broker elsewhere: the same about its devices, and how its connections are. */
export function statsTopics(
  intervalSeconds: number,
  broker: ExternalBroker,
  devices: Devices,
  around: Around,
): SystemTopics {
  const gateway = gatewayValues(around);
  const values = (): SystemValues => {
    if (!broker.ready) return new Map();
    const { links, connected, waiting, inFlight } = broker.counts;
    return new Map<string, string | number>([
      ...gateway(),
      ['broker/links', links],
      ['broker/connected', connected],
      ['broker/waiting', waiting],
      ['broker/in_flight', inFlight],
      ...deviceValues(devices, around.metrics.snapshot()),
    ]);
  };
  const publish = (topic: string, payload: string): void => broker.publishStats(topic, payload);
  return new SystemTopics({ clock: around.clock, intervalMs: intervalSeconds * 1000, values, publish });
}

/** What is told of the gateway as a whole; from the first call on. */
function gatewayValues({ clock, metrics }: Around): () => Value[] {
  const version = `isthmus version ${packageVersion()}`;
  const startedAt = clock.now();
  for (const name of counted) metrics.counter(name);
  return () => [
    ['version', version],
    ['uptime', `${Math.floor((clock.now() - startedAt) / 1000)} seconds`],
  ];
}

function deviceValues({ sn, lwm2m }: Devices, counters: Readonly<Record<string, number>>): Value[] {
  const mqttsn = sn.counts;
  const { queued: commands, ...registrations } = lwm2m.counts;
  return [
    ...Object.entries(mqttsn.sessions).map(([state, count]) => [`mqttsn/sessions/${state}`, count] as const),
    ['mqttsn/queued', mqttsn.queued],
    ...Object.entries(registrations).map(([state, count]) => [`lwm2m/sessions/${state}`, count] as const),
    ['lwm2m/queued', commands],
    ...Object.entries(counters).map(([name, count]) => [name.replace('.', '/'), count] as const),
  ];
}

const sum = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((total, item) => total + of(item), 0);
