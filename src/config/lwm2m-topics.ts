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
  const topic = (given: string | undefined, fallback: string): string => mountpoint + (given ?? inner + fallback);
  const emqx: TopicSet = {
    command: topic(values.get(keys.command), 'dn/#'),
    response: topic(values.get(keys.response), 'up/resp'),
    notify: topic(values.get(keys.notify), 'up/notify'),
    register: topic(values.get(keys.register), 'up/resp'),
    update: topic(values.get(keys.update), 'up/resp'),
  };
  if (givenTopics(values).length > 0) return { mountpoint, topics: [emqx] };
  const response = topic(undefined, 'response');
  // The first generation publishes nothing but answers, notifications among them.
  const first: TopicSet = {
    command: topic(undefined, 'command'),
    response,
    notify: response,
    register: undefined,
    update: undefined,
  };
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
