import { isIP } from 'node:net';
import { parseFlag, parseList, parseWhole } from './units.js';
import { everyOf, invalid, type ValueType } from './value-type.js';

/** A range of IP addresses: those that agree with `address` in the first `prefix` bits. */
export interface Network {
  readonly family: 'ipv4' | 'ipv6';
  readonly address: string;
  readonly prefix: number;
}

/** Who may forward for other nodes. */
export type ForwarderPolicy = 'none' | 'any' | readonly Network[];

/** Which resources are observed without being asked: none, all that a device registers, or these paths. */
export type AutoObserve = 'off' | 'on' | readonly string[];

/** `off`, `any`, or addresses and networks by commas. */
export const forwarders: ValueType<ForwarderPolicy> = {
  allowed: 'off | any, or addresses and networks by commas, such as 10.0.0.7, 10.1.0.0/16, fd00::/8',
  parse(text) {
    if (text === 'off') return 'none';
    if (text === 'any') return 'any';
    return everyOf(parseList(text), parseNetwork) ?? invalid;
  },
};

function parseNetwork(text: string): Network | undefined {
  const [address = '', length] = text.split('/', 2);
  const version = isIP(address);
  if (version === 0) return undefined;
  const bits = version === 4 ? 32 : 128;
  const prefix = length === undefined ? bits : parseWhole(length);
  if (prefix === undefined || prefix > bits || text.split('/').length > 2) return undefined;
  return { family: version === 4 ? 'ipv4' : 'ipv6', address, prefix };
}

/** `on`, `off`, or LwM2M paths by commas. */
export const autoObserve: ValueType<AutoObserve> = {
  allowed: 'on | off, or paths by commas, such as /3/0, /3303',
  parse(text) {
    const all = parseFlag(text);
    if (all !== undefined) return all ? 'on' : 'off';
    return everyOf(parseList(text), (path) => (isLwm2mPath(path) ? path : undefined)) ?? invalid;
  },
};

/** One to three ids below 65535 [LwM2M core 7.4]. */
const isLwm2mPath = (path: string): boolean =>
  /^(?:\/(?:0|[1-9]\d{0,4})){1,3}$/.test(path) &&
  path
    .slice(1)
    .split('/')
    .every((id) => Number(id) < 65_535);

/** The name of a topic, which no wildcard may be in [MQTT-4.7]. */
export const topicName: ValueType<string> = {
  allowed: 'a topic name of 1..65535 bytes, without + and #',
  parse: (text) => (isTopic(text) && !/[+#]/.test(text) ? text : invalid),
};

/** A topic filter: + and # only as whole levels, # only as the last [MQTT-4.7]. */
export const topicFilter: ValueType<string> = {
  allowed: 'a topic filter of 1..65535 bytes, + and # as whole levels, # only as the last',
  parse(text) {
    const levels = text.split('/');
    const wrong = levels.some(
      (level, i) => (level.length > 1 && /[+#]/.test(level)) || (level === '#' && i < levels.length - 1),
    );
    return isTopic(text) && !wrong ? text : invalid;
  },
};

/** What is put in front of topics; may be empty. */
export const topicPrefix: ValueType<string> = {
  allowed: 'the beginning of a topic name, without + and #, or nothing',
  parse: (text) => (text === '' || (isTopic(text) && !/[+#]/.test(text)) ? text : invalid),
};

const isTopic = (text: string): boolean => text !== '' && !text.includes('\0') && Buffer.byteLength(text) <= 65_535;

/** A multicast group of either family. */
export const multicastGroup: ValueType<string> = {
  allowed: 'a multicast address, such as 224.0.18.83 or ff05::1883',
  parse(text) {
    const version = isIP(text);
    if (version === 4) return /^2(?:2[4-9]|3\d)\./.test(text) ? text : invalid;
    return version === 6 && /^ff/i.test(text) ? text : invalid;
  },
};

/** The address of an MQTT broker. */
export const brokerUrl: ValueType<string> = {
  allowed: 'mqtt://HOST:PORT, mqtts://HOST:PORT, ws://HOST:PORT/PATH or wss://HOST:PORT/PATH',
  parse(text) {
    if (!/^(?:mqtts?|wss?):\/\//.test(text) || !URL.canParse(text)) return invalid;
    return new URL(text).hostname === '' ? invalid : text;
  },
};

/** A topic below which something is published. */
export const statsTopic: ValueType<string> = {
  allowed: 'a topic without wildcards, not ending with /',
  parse: (text) => (text === '' || /[+#\0]|\/$/.test(text) || text.startsWith('$') ? invalid : text),
};

/** `verify_peer` is true. */
export const verify: ValueType<boolean> = {
  allowed: 'verify_none | verify_peer',
  parse(text) {
    if (text === 'verify_peer') return true;
    return text === 'verify_none' ? false : invalid;
  },
};
