import { Lane } from '../lane.js';
import { connectApplication } from '../wire/application.js';
import { Lwm2mDevice } from '../wire/lwm2m-device.js';
import { type Prepare, times } from './load.js';
import { endpointOf, idOf, probe } from './lwm2m-read.js';

const delivered = 1;
const pollMs = 100;
const observeForMs = 15_000;
const settleMs = 500;

/** Devices send notifications of an observed resource, not confirmable and in TLV; an application receives them. */
export const lwm2mNotify: Prepare = async ({ target, clients, window }, tally) => {
  const application = await connectApplication(target);
  const devices = await times(clients, (index) => Lwm2mDevice.register(target, endpointOf(index)));
  await probe(application, clients);
  for (let index = 0; index < clients; index++) application.observe(endpointOf(index), idOf(index, 0));
  const until = Date.now() + observeForMs;
  while (devices.some((device) => !device.observed)) {
    if (Date.now() > until) throw new Error('not every LwM2M device is observed');
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  // The first values, whose number is none of a lane's, may come as notifications.
  await new Promise((resolve) => setTimeout(resolve, settleMs));
  const lanes = devices.map(
    (device, index) => new Lane(tally, delivered, window, (seq) => device.notify(idOf(index, seq))),
  );
  application.onNotified = (level) => lanes[level >>> 16]?.mark(level & 0xffff, delivered);
  return {
    lanes,
    async close() {
      for (const device of devices) device.close();
      application.close();
    },
  };
};
