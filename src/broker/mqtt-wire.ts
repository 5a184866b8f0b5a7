import type { Duplex } from 'node:stream';
import { type Packet, parser, writeToStream } from 'mqtt-packet';
import type { Clock, Timer } from '../core/clock.js';
import { gatherWrites } from './gather-writes.js';

/** What a wire tells its owner. */
export interface WireEvents {
  packet(packet: Packet): void;
  /** Once, unless the owner ended it; `error` says why if it was not the other side's wish. */
  closed(error: Error | undefined): void;
}

/** One stream of MQTT packets in each direction, and the pings that keep it. */
export class MqttWire {
  private readonly stream: Duplex;
  private readonly clock: Clock;
  private readonly version: 4 | 5;
  private readonly events: WireEvents;
  private error: Error | undefined;
  private keepAlive: Timer | undefined;
  private heard = true;
  private paused = false;
  private done = false;

  constructor(stream: Duplex, version: 4 | 5, clock: Clock, events: WireEvents) {
    this.stream = stream;
    this.version = version;
    this.clock = clock;
    this.events = events;
    gatherWrites(stream);
    const packets = parser({ protocolVersion: version });
    packets.on('packet', (packet) => {
      if (!this.done) events.packet(packet);
    });
    packets.on('error', (error: Error) => this.break(error));
    stream.on('data', (chunk: Buffer) => {
      this.heard = true;
      if (!this.done) packets.parse(chunk);
    });
    stream.on('error', (error) => {
      this.error ??= error;
    });
    stream.on('end', () => stream.end());
    stream.on('close', () => this.onClose());
  }

  /** Bytes that the stream has not taken yet. */
  get unsent(): number {
    return this.stream.writableLength;
  }

  send(packet: Packet): void {
    if (!this.done && this.stream.writable) writeToStream(packet, this.stream, { protocolVersion: this.version });
  }

  /** Sends PINGREQ so often, and breaks when the other side is silent as long [MQTT-3.1.2-22]. */
  keep(seconds: number): void {
    if (seconds === 0) return;
    this.keepAlive = this.clock.after('mqtt ping', seconds * 1000, () => {
      // Whoever does not read cannot tell whether it is silent.
      if (!this.heard && !this.paused) {
        this.break(new Error('the broker does not answer'));
        return;
      }
      this.heard = false;
      this.send({ cmd: 'pingreq' });
      this.keep(seconds);
    });
  }

  /** Reads no more for now: the other side finds that it cannot send. */
  pause(): void {
    this.paused = true;
    this.stream.pause();
  }

  resume(): void {
    this.paused = false;
    this.heard = true;
    this.stream.resume();
  }

  /** Ends it at once. */
  break(error?: Error): void {
    this.error ??= error;
    this.stream.destroy();
  }

  /** Ends it when everything is written, and does not wait long for the other side to do so too. */
  end(withinMs: number): void {
    this.resume();
    this.stream.end();
    const late = this.clock.after('mqtt end', withinMs, () => this.stream.destroy());
    this.stream.once('close', () => late.cancel());
  }

  private onClose(): void {
    if (this.done) return;
    this.done = true;
    this.keepAlive?.cancel();
    this.events.closed(this.error);
  }
}
