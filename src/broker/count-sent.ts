import type { Duplex } from 'node:stream';
import type { Counter } from '../core/metrics.js';

/** Counts the MQTT packets written to a connection, of which mqtt-packet corks each one on its own. */
export function countSent(stream: Duplex, packets: Counter): void {
  const cork = stream.cork.bind(stream);
  stream.cork = () => {
    packets.value++;
    cork();
  };
}
