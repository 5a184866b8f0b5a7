import type { Who } from './auth.js';

/** What a rule is about. `deny` forbids both ways. */
export type Access = 'read' | 'write' | 'readwrite' | 'deny';

/** A filter with its access; a level may be `%c` or `%u`, the client id or user name of whoever is looked at. */
export interface AclRule {
  readonly access: Access;
  readonly levels: readonly string[];
}

/** The client id or user name stands as a level of its own; undefined where a client has none. */
function nameAt(level: string, who: Who): string | undefined {
  if (level === '%c') return who.clientId;
  return level === '%u' ? who.username : level;
}

/** Whether a name fills a whole level by itself and is no wildcard: only then may it stand for one. */
const isPlainLevel = (name: string): boolean => !/[+#/]/.test(name);

/** Whether a client could reach beyond its own level by the name that it has chosen. */
export const hasStrangeName = ({ clientId, username }: Who): boolean =>
  !isPlainLevel(clientId) || (username !== undefined && !isPlainLevel(username));

/** Whether a topic name falls under the rule. */
export function ruleMatches({ levels }: AclRule, topic: string, who: Who): boolean {
  const first = levels[0];
  if (topic.startsWith('$') && (first === '#' || first === '+')) return false;
  let at = 0;
  for (const level of levels) {
    if (level === '#') return true;
    if (at > topic.length) return false;
    const slash = topic.indexOf('/', at);
    const end = slash < 0 ? topic.length : slash;
    if (level !== '+') {
      const name = nameAt(level, who);
      if (name === undefined || end - at !== name.length || !topic.startsWith(name, at)) return false;
    }
    at = end + 1;
  }
  return at > topic.length;
}

/** Whether there is a topic name under both the rule and the filter. */
export function ruleTouches({ levels }: AclRule, filter: readonly string[], who: Who): boolean {
  for (let i = 0; ; i++) {
    const [ours, theirs] = [levels[i], filter[i]];
    if (ours === '#' || theirs === '#') return true;
    if (ours === undefined || theirs === undefined) return ours === theirs;
    if (ours !== '+' && theirs !== '+' && nameAt(ours, who) !== theirs) return false;
  }
}

/** Whether every topic name under the filter falls under the rule. */
export function ruleCovers({ levels }: AclRule, filter: readonly string[], who: Who): boolean {
  for (let i = 0; ; i++) {
    const [ours, theirs] = [levels[i], filter[i]];
    if (ours === '#') return true;
    if (ours === undefined || theirs === undefined) return ours === theirs;
    if (theirs === '#' || (ours !== '+' && nameAt(ours, who) !== theirs)) return false;
  }
}
