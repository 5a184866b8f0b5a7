import { Lane } from '../lane.js';
import { Lwm2mDevice } from '../wire/lwm2m-device.js';
import { MqttWire } from '../wire/mqtt.js';
import { type Prepare, times } from './load.js';

const answered = 1;
const result = '"Result"';
const probeEveryMs = 200;
const probeForMs = 15_000;

/** An MQTT application reads /3/0/0 of each device, one command per device under way; the devices answer in TLV. */
export const lwm2mRead: Prepare = async ({ target, clients }, tally) => {
  const application = await MqttWire.connect(target.host, target.mqttPort, 'bench-application');
  const endpoints = Array.from({ length: clients }, (_, index) => `bench-${String(index).padStart(5, '0')}`);
  await application.subscribe('lwm2m/+/response', 0);
  const devices = await times(clients, (index) => Lwm2mDevice.register(target, endpoints[index] ?? ''));
  const read = (index: number, seq: number): void =>
    application.publish(
      Buffer.from(`lwm2m/${endpoints[index]}/command`),
      0,
      0,
      Buffer.from(`{"CmdID":${index * 0x10000 + seq},"Command":"Read","BaseName":"/3/0/0"}`),
    );
  await probe(application, clients, (index) => read(index, 0));
  const lanes = endpoints.map((_, index) => new Lane(tally, answered, 1, (seq) => read(index, seq)));
  application.onPublish = (chunk, from, to) => {
    const id = commandId(chunk, from);
    const lane = lanes[id >>> 16];
    if (chunk.subarray(from, to).includes(result)) lane?.mark(id & 0xffff, answered);
    else lane?.fail(id & 0xffff);
  };
  return {
    lanes,
    async close() {
      for (const device of devices) device.close();
      application.close();
    },
  };
};

/** Waits until every device has answered a command: registered is not yet subscribed. */
async function probe(application: MqttWire, clients: number, read: (index: number) => void): Promise<void> {
  const missing = new Set(Array.from({ length: clients }, (_, index) => index));
  application.onPublish = (chunk, from) => void missing.delete(commandId(chunk, from) >>> 16);
  const until = Date.now() + probeForMs;
  while (missing.size > 0) {
    if (Date.now() > until) throw new Error(`${missing.size} of ${clients} LwM2M devices do not answer a Read`);
    for (const index of missing) read(index);
    await new Promise((resolve) => setTimeout(resolve, probeEveryMs));
  }
}

/** The number after `{"CmdID":`, which the answer has first. */
function commandId(chunk: Buffer, from: number): number {
  let id = 0;
  for (let at = from + 9; ; at++) {
    const digit = (chunk[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return id;
    id = id * 10 + digit;
  }
}
