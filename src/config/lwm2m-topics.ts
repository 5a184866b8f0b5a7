import type { TopicSet } from './config.js';
import { lwm2mKeys } from './lwm2m-keys.js';
import type { Values } from './values.js';

const { topics: keys } = lwm2mKeys;
const perDevice = 'lwm2m/%e/';

/**
 * The mountpoint and the topics below it. As soon as one topic is given, there is that set alone, filled up with EMQX's
 * names; else two sets at once, for both generations of applications.
 */
export function lwm2mTopics(values: Values): { mountpoint: string; topics: readonly TopicSet[] } {
  const mountpoint = mountpointOf(values);
  // EMQX without a mountpoint has the device in the default topics themselves.
  const inner = mountpoint === '' ? perDevice : '';
  const emqx: TopicSet = {
    dialect: 'msgtype',
    command: values.get(keys.command) ?? `${inner}dn/#`,
    response: values.get(keys.response) ?? `${inner}up/resp`,
    notify: values.get(keys.notify) ?? `${inner}up/notify`,
    register: values.get(keys.register) ?? `${inner}up/resp`,
    update: values.get(keys.update) ?? `${inner}up/resp`,
  };
  if (givenTopics(values).length > 0) return { mountpoint, topics: [emqx] };
  // The first generation publishes nothing but answers, notifications among them.
  const response = `${inner}response`;
  const first: TopicSet = { dialect: 'cmdid', command: `${inner}command`, response, notify: response };
  return { mountpoint, topics: [first, emqx] };
}

function mountpointOf(values: Values): string {
  // Files that rely on EMQX's empty default write whole topics, which must not get the device in front once more.
  const whole = givenTopics(values).some((topic) => topic.includes('%e'));
  return whole && !values.has(keys.mountpoint) ? '' : values.get(keys.mountpoint);
}

const givenTopics = (values: Values): string[] =>
  [keys.command, keys.response, keys.notify, keys.register, keys.update]
    .map((key) => values.get(key))
    .filter((topic) => topic !== undefined);
