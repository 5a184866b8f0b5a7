import type { Target } from '../protocol.js';
import { DriverApplication } from './driver-application.js';
import { LeshanApplication } from './leshan-application.js';
import { MqttApplication } from './mqtt-application.js';

/** An application that commands LwM2M devices, by MQTT or, where a server has none, by its driver or by HTTP. */
export interface Application {
  /** A Read has been answered; `id` is what it was asked with. */
  onAnswer: (id: number, ok: boolean) => void;
  /** A notification has come with this value. */
  onNotified: (value: number) => void;
  /** Reads the Device object. `id` is a number of 31 bits. */
  read(endpoint: string, id: number): void;
  /** Observes the battery level. The first value may come as a notification too. */
  observe(endpoint: string, id: number): void;
  close(): void;
}

export const devicePath = '/3/0/0';
export const observedPath = '/3/0/9';

export function connectApplication(target: Target): Promise<Application> {
  const { applications, host } = target;
  if (applications === undefined) return MqttApplication.connect(target);
  const application = applications.by === 'driver' ? DriverApplication : LeshanApplication;
  return application.connect(host, applications.port);
}

/** The decimal number that begins at `at`. */
export function digitsAt(chunk: Buffer, at: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let end = at; ; end++) {
    const digit = (chunk[end] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return { value, end };
    value = value * 10 + digit;
  }
}
