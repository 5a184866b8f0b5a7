/** Levels a topic may have; deeper ones are refused, so that matching stays cheap. */
export const maxTopicLevels = 100;

const maxTopicBytes = 0xffff;
const slash = 47;
const plus = 43;
const hash = 35;
const dollar = 36;

/** Whether a message may be published under this name [MQTT-3.3.2-2] [MQTT-4.7.3]. */
export function isTopicName(topic: string): boolean {
  if (topic.length === 0 || tooLong(topic)) return false;
  let levels = 1;
  for (let i = 0; i < topic.length; i++) {
    const char = topic.charCodeAt(i);
    if (char === slash) levels++;
    else if (char === plus || char === hash || char === 0) return false;
  }
  return levels <= maxTopicLevels;
}

/** Whether this is a filter one may subscribe to [MQTT-4.7.1]. */
export function isTopicFilter(filter: string): boolean {
  if (filter.length === 0 || tooLong(filter)) return false;
  let levels = 1;
  let levelStart = 0;
  for (let i = 0; i < filter.length; i++) {
    const char = filter.charCodeAt(i);
    if (char === slash) {
      levels++;
      levelStart = i + 1;
    } else if (char === plus) {
      if (i !== levelStart || !(i + 1 === filter.length || filter.charCodeAt(i + 1) === slash)) return false;
    } else if (char === hash) {
      if (i !== levelStart || i + 1 !== filter.length) return false;
    } else if (char === 0) return false;
  }
  return levels <= maxTopicLevels;
}

/** Whether a filter has a wildcard. */
export const hasWildcard = (filter: string): boolean => filter.includes('+') || filter.endsWith('#');

/** Names that begin with `$` are the broker's own and match no filter that begins with a wildcard [MQTT-4.7.2-1]. */
export const isReserved = (topic: string): boolean => topic.charCodeAt(0) === dollar;

/** Whether a topic name falls under a filter; both must be valid. */
export function topicMatches(filter: string, topic: string): boolean {
  const first = filter.charCodeAt(0);
  if (isReserved(topic) && (first === plus || first === hash)) return false;
  let f = 0;
  let t = 0;
  for (;;) {
    const char = filter.charCodeAt(f);
    if (char === hash) return true;
    if (char === plus) {
      f++;
      while (t < topic.length && topic.charCodeAt(t) !== slash) t++;
    } else {
      while (f < filter.length && t < topic.length && filter.charCodeAt(f) !== slash) {
        if (filter.charCodeAt(f) !== topic.charCodeAt(t)) return false;
        f++;
        t++;
      }
    }
    const filterEnds = f === filter.length;
    if (t === topic.length) return filterEnds || filter.slice(f) === '/#';
    if (filterEnds || filter.charCodeAt(f) !== slash || topic.charCodeAt(t) !== slash) return false;
    f++;
    t++;
  }
}

// No character takes more than three bytes per UTF-16 unit, so short strings need no count.
const tooLong = (text: string): boolean => text.length * 3 > maxTopicBytes && Buffer.byteLength(text) > maxTopicBytes;
