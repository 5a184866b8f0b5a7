import type { Clock } from '../core/clock.js';
import { Deadlines } from '../core/deadlines.js';
import type { Device } from './device.js';

/** Whether a device in queue mode listens. */
export type Wakefulness = 'awake' | 'asleep';

/** Knows which devices in queue mode listen: each does for a while after its last packet [LWM2M 6.6]. */
export class Presence {
  private readonly clock: Clock;
  private readonly windowMs: number;
  private readonly changed: (device: Device, to: Wakefulness) => void;
  private readonly deadlines: Deadlines<Device>;

  constructor(clock: Clock, windowMs: number, changed: (device: Device, to: Wakefulness) => void) {
    this.clock = clock;
    this.windowMs = windowMs;
    this.changed = changed;
    this.deadlines = new Deadlines(clock, 'lwm2m awake', (device) => this.asleep(device));
  }

  /** A packet of the device has come. */
  heard(device: Device): void {
    const wasAsleep = device.asleep;
    device.asleep = false;
    if (device.registration.queueMode) this.deadlines.set(device, this.clock.now() + this.windowMs);
    else this.deadlines.delete(device);
    if (wasAsleep) this.changed(device, 'awake');
  }

  /** After a restart: it sleeps, or does so when its time since `heardAt`, ms, is over. */
  restore(device: Device, asleep: boolean, heardAt: number): void {
    device.asleep = asleep;
    if (!asleep && device.registration.queueMode) this.deadlines.set(device, heardAt + this.windowMs);
  }

  /** The device did not answer: it has gone to sleep already. */
  missed(device: Device): void {
    this.deadlines.delete(device);
    if (!device.asleep) this.asleep(device);
  }

  /** The registration has ended. */
  forget(device: Device): void {
    this.deadlines.delete(device);
  }

  /** Stops every timer. */
  stop(): void {
    this.deadlines.clear();
  }

  private asleep(device: Device): void {
    device.asleep = true;
    this.changed(device, 'asleep');
  }
}
