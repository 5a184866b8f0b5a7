import { Lane } from '../lane.js';
import { type Application, connectApplication } from '../wire/application.js';
import { Lwm2mDevice } from '../wire/lwm2m-device.js';
import { type Prepare, times } from './load.js';

const answered = 1;
const probeEveryMs = 200;
const probeForMs = 15_000;

/** The endpoint names of devices, and the ids of their commands: the device's number before its message's. */
export const endpointOf = (index: number): string => `bench-${String(index).padStart(5, '0')}`;
export const idOf = (index: number, seq: number): number => index * 0x10000 + seq;

/** An application reads /3/0/0 of each device, one command per device under way; the devices answer in TLV. */
export const lwm2mRead: Prepare = async ({ target, clients }, tally) => {
  const application = await connectApplication(target);
  const devices = await times(clients, (index) => Lwm2mDevice.register(target, endpointOf(index)));
  await probe(application, clients);
  const lanes = devices.map((_, index) => {
    const endpoint = endpointOf(index);
    return new Lane(tally, answered, 1, (seq) => application.read(endpoint, idOf(index, seq)));
  });
  application.onAnswer = (id, ok) => {
    const lane = lanes[id >>> 16];
    if (ok) lane?.mark(id & 0xffff, answered);
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
export async function probe(application: Application, clients: number): Promise<void> {
  const missing = new Set(Array.from({ length: clients }, (_, index) => index));
  application.onAnswer = (id) => void missing.delete(id >>> 16);
  const until = Date.now() + probeForMs;
  while (missing.size > 0) {
    if (Date.now() > until) throw new Error(`${missing.size} of ${clients} LwM2M devices do not answer a Read`);
    for (const index of missing) application.read(endpointOf(index), idOf(index, 0));
    await new Promise((resolve) => setTimeout(resolve, probeEveryMs));
  }
}
