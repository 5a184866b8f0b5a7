import type { Target } from '../protocol.js';
import { type Application, devicePath, digitsAt, observedPath } from './application.js';
import { MqttWire } from './mqtt.js';

const beforeId = '{"CmdID":'.length;
const beforeName = ',"Command":"'.length;
const observeInitial = 0x4f;

/** Commands and answers in the CmdID dialect, on their usual topics. */
export class MqttApplication implements Application {
  onAnswer: (id: number, ok: boolean) => void = () => {};
  onNotified: (value: number) => void = () => {};
  private readonly wire: MqttWire;

  private constructor(wire: MqttWire) {
    this.wire = wire;
    wire.onPublish = (chunk, from, to) => this.take(chunk, from, to);
  }

  static async connect(target: Target): Promise<MqttApplication> {
    const wire = await MqttWire.connect(target.host, target.mqttPort, 'bench-application');
    await wire.subscribe('lwm2m/+/response', 0);
    return new MqttApplication(wire);
  }

  read(endpoint: string, id: number): void {
    this.command(endpoint, `{"CmdID":${id},"Command":"Read","BaseName":"${devicePath}"}`);
  }

  observe(endpoint: string, id: number): void {
    this.command(endpoint, `{"CmdID":${id},"Command":"Observe","BaseName":"${observedPath}"}`);
  }

  close(): void {
    this.wire.close();
  }

  private command(endpoint: string, json: string): void {
    this.wire.publish(Buffer.from(`lwm2m/${endpoint}/command`), 0, 0, Buffer.from(json));
  }

  /** The id comes first in every answer, then the command's name. */
  private take(chunk: Buffer, from: number, to: number): void {
    const { value: id, end } = digitsAt(chunk, from + beforeId);
    if (chunk[end + beforeName] === observeInitial) {
      const at = chunk.subarray(end, to).indexOf('"v":');
      if (at >= 0) this.onNotified(digitsAt(chunk, end + at + 4).value);
    } else {
      this.onAnswer(id, chunk.subarray(end, to).includes('"Result"'));
    }
  }
}
