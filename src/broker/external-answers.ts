import { BrokerRefusal, type RefusalCode } from './port.js';

// Reason codes of MQTT 5 [MQTT5 2.4]; below 6 the return codes of a 3.1.1 CONNACK.
const codes: Readonly<Record<number, RefusalCode>> = {
  2: 'NOT_AUTHORIZED', // identifier rejected
  4: 'BAD_CREDENTIALS',
  5: 'NOT_AUTHORIZED',
  128: 'NOT_AUTHORIZED', // in a SUBACK: failure; no broker gives more with 3.1.1
  133: 'NOT_AUTHORIZED', // client identifier not valid
  134: 'BAD_CREDENTIALS',
  135: 'NOT_AUTHORIZED',
  138: 'NOT_AUTHORIZED', // banned
  140: 'BAD_CREDENTIALS', // bad authentication method
  143: 'BAD_TOPIC', // topic filter invalid
  144: 'BAD_TOPIC', // topic name invalid
  149: 'NOT_AUTHORIZED', // packet too large
  153: 'NOT_AUTHORIZED', // payload format invalid
  154: 'NOT_AUTHORIZED', // retain not supported
  155: 'NOT_AUTHORIZED', // QoS not supported
  158: 'BAD_TOPIC', // shared subscriptions not supported
  162: 'BAD_TOPIC', // wildcards not supported
};

/** A broker's code as a refusal. What is not known may be mended by time. */
export function refusalOf(code: number, message: string): BrokerRefusal {
  return new BrokerRefusal(codes[code] ?? 'UNAVAILABLE', message);
}

/** Whether a CONNACK says that this version of MQTT is not spoken. */
export const isVersionRefusal = (code: number): boolean => code === 1 || code === 132;

/** What the reason of a DISCONNECT means for a link; undefined: the connection is gone, the client may come back. */
export function endOf(reasonCode: number): 'takeover' | 'kicked' | undefined {
  switch (reasonCode) {
    case 0x8e: // session taken over
      return 'takeover';
    case 0x87: // not authorized
    case 0x8a: // banned
    case 0x98: // administrative action
      return 'kicked';
    default:
      return undefined;
  }
}
