import { SystemTopics, type SystemValues } from '../admin/system-topics.js';
import type { EmbeddedBroker } from '../broker/embedded.js';
import type { MqttListener } from '../broker/listeners.js';
import { packageVersion } from '../core/version.js';
import type { Lwm2mServer } from '../lwm2m/server.js';
import type { SnServer } from '../mqttsn/server.js';
import type { Around } from './around.js';

/** Who is asked how things are. */
export interface Observed {
  readonly broker: EmbeddedBroker;
  readonly listeners: readonly MqttListener[];
  readonly sn: SnServer;
  readonly lwm2m: Lwm2mServer;
}

// Counters that begin with their first event are told from the start.
const counted = ['mqttsn.retransmissions', 'mqttsn.queue_dropped', 'coap.retransmissions'];

/** The topics under `$SYS/broker/`, with mosquitto's names; what mosquitto does not have is under `isthmus/`. */
export function systemTopics(intervalSeconds: number, observed: Observed, { clock, metrics }: Around): SystemTopics {
  const { broker, listeners, sn, lwm2m } = observed;
  const version = `isthmus version ${packageVersion()}`;
  const startedAt = clock.now();
  let mostConnected = 0;
  for (const name of counted) metrics.counter(name);

  const values = (): SystemValues => {
    const { links, clients } = broker.connected;
    const { offline, retained, queued, subscriptions } = broker.kept;
    const connected = links + clients;
    mostConnected = Math.max(mostConnected, connected);
    const counters = metrics.snapshot();
    const mqttsn = sn.counts;
    const { queued: commands, ...registrations } = lwm2m.counts;
    return new Map<string, string | number>([
      ['version', version],
      ['uptime', `${Math.floor((clock.now() - startedAt) / 1000)} seconds`],
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
      ...Object.entries(mqttsn.sessions).map(([state, count]) => [`isthmus/mqttsn/sessions/${state}`, count] as const),
      ['isthmus/mqttsn/queued', mqttsn.queued],
      ...Object.entries(registrations).map(([state, count]) => [`isthmus/lwm2m/sessions/${state}`, count] as const),
      ['isthmus/lwm2m/queued', commands],
      ...Object.entries(counters).map(([name, count]) => [`isthmus/${name.replace('.', '/')}`, count] as const),
    ]);
  };
  const publish = (topic: string, payload: string): void => broker.publishSystem(topic, payload);
  return new SystemTopics({ clock, intervalMs: intervalSeconds * 1000, values, publish });
}

const sum = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((total, item) => total + of(item), 0);
