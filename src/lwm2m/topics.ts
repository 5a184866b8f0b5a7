import { IsthmusError } from '../core/errors.js';
import type { TopicSet } from './options.js';

/** A topic with `%e` and `%a` in it, compiled. */
export interface TopicTemplate {
  readonly text: string;
  /** The topic of one device. */
  readonly of: (endpoint: string, address: string) => string;
  /** The filter that covers every device; undefined when the topic does not tell the endpoint. */
  readonly wildcard: string | undefined;
  /** What a topic tells when it is covered by this template. */
  readonly match: (topic: string) => TopicMatch | undefined;
}

/** The device that a topic names; absent where its template has no place for it. */
export interface TopicMatch {
  readonly endpoint?: string;
  readonly address?: string;
}

/** A TopicSet, compiled with its mountpoint. */
export interface Topics {
  readonly dialect: TopicSet['dialect'];
  readonly command: TopicTemplate;
  readonly response: TopicTemplate;
  readonly notify: TopicTemplate;
  readonly register: TopicTemplate | undefined;
  readonly update: TopicTemplate | undefined;
}

/** Whether answers may be published under a topic that an application has named [MQTT-3.3.2-14]. */
export function isResponseTopic(topic: string, sets: readonly Topics[]): boolean {
  if (topic === '' || topic.startsWith('$') || /[+#\0]/.test(topic) || Buffer.byteLength(topic) > 0xffff) return false;
  // An answer that comes back as a command would be answered again.
  return !sets.some(({ command }) => command.match(topic) !== undefined);
}

/** A topic with `%e` and `%a` in it, ready for use. */
export function compileTemplate(text: string): TopicTemplate {
  const parts = text.split(/(%[ea])/);
  const simple = matchOfSimple(text);
  const pattern = patternOf(text);
  return {
    text,
    of: (endpoint, address) => {
      let topic = '';
      for (const part of parts) topic += part === '%e' ? topicLevel(endpoint) : part === '%a' ? address : part;
      return topic;
    },
    wildcard: text.includes('%e')
      ? text
          .split('/')
          .map((level) => (/%[ea]/.test(level) ? '+' : level))
          .join('/')
      : undefined,
    match:
      simple ??
      ((topic) => {
        const found = pattern.exec(topic);
        if (found === null) return undefined;
        const { endpoint, address } = found.groups ?? {};
        return { ...(endpoint === undefined ? {} : { endpoint: endpointOfLevel(endpoint) }), address };
      }),
  };
}

/** Compiles a set; an IsthmusError `CONFIG` when answers would come back as commands. */
export function compileTopics(mountpoint: string, set: TopicSet): Topics {
  const compile = (topic: string): TopicTemplate => compileTemplate(mountpoint + topic);
  const topics: Topics = {
    dialect: set.dialect,
    command: compile(set.command),
    response: compile(set.response),
    notify: compile(set.notify),
    register: set.register === undefined ? undefined : compile(set.register),
    update: set.update === undefined ? undefined : compile(set.update),
  };
  const pattern = patternOf(topics.command.text);
  for (const out of [topics.response, topics.notify, topics.register, topics.update]) {
    if (out !== undefined && pattern.test(out.of('endpoint', 'address'))) {
      throw new IsthmusError('CONFIG', `topic ${out.text} is covered by the command topic ${topics.command.text}`);
    }
  }
  return topics;
}

/**
 * An endpoint name as one topic level: what MQTT gives a meaning (`/ + #` and NUL) is percent-encoded, so that no name
 * reaches another device's topics. A `%` is encoded only where it could be taken for such a code.
 */
export function topicLevel(endpoint: string): string {
  return /[/+#%\0]/.test(endpoint) ? endpoint.replace(/[/+#\0]|%(?=2F|2B|23|25|00)/gi, percent) : endpoint;
}

/** The endpoint name of a topic level made by topicLevel. */
export function endpointOfLevel(level: string): string {
  return level.includes('%') ? level.replace(/%(?:2F|2B|23|25|00)/gi, unpercent) : level;
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

function unpercent(code: string): string {
  return String.fromCharCode(Number.parseInt(code.slice(1), 16));
}

/** How most templates are matched, which have one level for the endpoint and no other place: without an expression. */
function matchOfSimple(template: string): TopicTemplate['match'] | undefined {
  const [prefix = '', suffix, ...more] = template.split('%e');
  if (suffix === undefined || more.length > 0 || /%a|[+#]/.test(template)) return undefined;
  return (topic) => {
    const end = topic.length - suffix.length;
    if (end <= prefix.length || !topic.startsWith(prefix) || !topic.endsWith(suffix)) return undefined;
    const level = topic.slice(prefix.length, end);
    return level.includes('/') ? undefined : { endpoint: endpointOfLevel(level) };
  };
}

/** The topics a template covers, as an expression that captures the first `%e` and the first `%a`. */
function patternOf(template: string): RegExp {
  const seen = new Set<string>();
  const capture = (name: string): string => {
    const first = !seen.has(name);
    seen.add(name);
    return first ? `(?<${name}>[^/]+)` : '[^/]+';
  };
  const source = template
    .split(/(%[ea]|(?<=^|\/)[+#](?=$|\/))/)
    .map((part) => {
      if (part === '%e') return capture('endpoint');
      if (part === '%a') return capture('address');
      if (part === '+') return '[^/]*';
      return part === '#' ? '.*' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    })
    .join('')
    // `a/#` covers `a` too [MQTT-4.7.1-2].
    .replace(/\/\.\*$/, '(?:/.*)?');
  return new RegExp(`^${source}$`, 's');
}
