import { Lane } from '../lane.js';
import { publish } from '../wire/mqttsn.js';
import { SnDevice } from '../wire/sn-device.js';
import { type Prepare, times } from './load.js';

const answered = 1;

/** The floor: the frames of QoS 0 upwards, sent back as they are. */
export const echo: Prepare = async ({ target, clients, window, payload }, tally) => {
  const devices = await times(clients, () => SnDevice.open(target.host, target.snPort ?? 0));
  const lanes = devices.map((device, index) => {
    const lane = new Lane(tally, answered, window, (seq) => device.send(publish(0, 1, seq, index, payload)));
    device.onPublish = (frame) => lane.mark(frame.readUInt16BE(9), answered);
    return lane;
  });
  return { lanes, close: async () => void (await Promise.all(devices.map((device) => device.close()))) };
};
