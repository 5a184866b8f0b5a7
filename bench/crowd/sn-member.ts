import { addressOf } from '../load/sessions.js';
import { publishOf, repeated } from '../wire/mqttsn.js';
import { SnDevice } from '../wire/sn-device.js';
import { type Enrol, persistently } from './member.js';

const port = 20_001;
const repeatAfterMs = 5000;

/** A member on MQTT-SN with an address of its own. What is not acknowledged within five seconds is sent again. */
export const snMember: Enrol = ({ host, snPort = 0 }, index, hearing) => {
  let device: SnDevice | undefined;
  let topicId = 0;
  let msgId = 0;
  let timer: NodeJS.Timeout | undefined;
  const forget = (): void => {
    clearTimeout(timer);
    timer = undefined;
    device?.drop();
    device = undefined;
  };
  return {
    connect: () =>
      persistently(async () => {
        forget();
        const bind = { address: addressOf(index), port };
        const made = await SnDevice.connect(host, snPort, `crowd-sn-${index}`, { bind });
        device = made;
        await made.subscribe(`crowd/down/${index}`, 1);
        topicId = await made.register(`crowd/up/${index}`);
        made.onPublish = (frame) => hearing.received(frame.subarray(7));
        made.onPuback = (id) => {
          if (id !== msgId) return;
          clearTimeout(timer);
          timer = undefined;
          hearing.acknowledged();
        };
      }),
    publish(payload) {
      if (timer !== undefined) return false;
      msgId = (msgId % 0xffff) + 1;
      const frame = publishOf(1, topicId, msgId, payload);
      const send = (bytes: Buffer): void => {
        device?.send(bytes);
        timer = setTimeout(() => {
          hearing.repeated();
          send(repeated(frame));
        }, repeatAfterMs);
      };
      send(frame);
      return true;
    },
    forget,
    close() {
      clearTimeout(timer);
      void device?.close();
    },
  };
};
