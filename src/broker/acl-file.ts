import { readFile } from 'node:fs/promises';
import { IsthmusError } from '../core/errors.js';
import { type Access, type AclRule, hasStrangeName, ruleCovers, ruleMatches, ruleTouches } from './acl-rule.js';
import type { Authorizer, Who } from './auth.js';
import { isTopicFilter } from './topics.js';

/** The rules of one file. Within each list, denials come first. */
export interface Acl {
  /** For clients without a user name. */
  readonly anonymous: readonly AclRule[];
  readonly users: ReadonlyMap<string, readonly AclRule[]>;
  /** For everybody, after the others. */
  readonly patterns: readonly AclRule[];
}

const accesses: readonly string[] = ['read', 'write', 'readwrite', 'deny'];

/**
 * Reads mosquitto's syntax: `user NAME`, `topic [read|write|readwrite|deny] FILTER`, `pattern [...] FILTER` with `%c`
 * and `%u`. Topics before the first user are for clients without a user name. All errors are reported at once, by line.
 */
export function parseAcl(text: string, file: string): Acl {
  const anonymous: AclRule[] = [];
  const users = new Map<string, AclRule[]>();
  const patterns: AclRule[] = [];
  const errors: string[] = [];
  let current = anonymous;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const [, keyword, rest] = /^(\S+)\s*(.*)$/.exec(line) ?? [];
    const report = (problem: string): void => void errors.push(`${file}:${index + 1}: ${problem}`);
    if (rest === undefined || rest === '') report(`${keyword} needs a value`);
    else if (keyword === 'user') {
      current = users.get(rest) ?? [];
      users.set(rest, current);
    } else if (keyword === 'topic' || keyword === 'pattern') {
      const rule = parseRule(rest, keyword === 'pattern');
      if (typeof rule === 'string') report(rule);
      else (keyword === 'topic' ? current : patterns).push(rule);
    } else report(`unknown keyword ${keyword}: user, topic or pattern`);
  }
  if (errors.length > 0) throw new IsthmusError('CONFIG', errors.join('\n'));
  for (const rules of [anonymous, patterns, ...users.values()]) {
    rules.sort((a, b) => Number(b.access === 'deny') - Number(a.access === 'deny'));
  }
  return { anonymous, users, patterns };
}

/** A rule, or what is wrong with it. */
function parseRule(text: string, isPattern: boolean): AclRule | string {
  // A topic may have spaces, so only a known word with something after it is the access.
  const [, word = '', rest = ''] = /^(\S+)\s+(.*)$/.exec(text) ?? [];
  const isAccess = accesses.includes(word);
  if (word !== '' && !isAccess) return `unknown access ${word}: ${accesses.join(', ')}`;
  const filter = isAccess ? rest : text;
  if (!isTopicFilter(filter)) return `not a topic filter: ${filter}`;
  const levels = filter.split('/');
  if (isPattern && levels.some((level) => /%[cu]/.test(level) && level.length > 2)) {
    return '%c and %u must be a level of their own';
  }
  if (!isPattern && levels.some((level) => level === '%c' || level === '%u')) return '%c and %u need a pattern line';
  return { access: isAccess ? (word as Access) : 'readwrite', levels };
}

/** Decides by an ACL file. What no rule allows is forbidden. */
export class AclFile implements Authorizer {
  private readonly file: string;
  private acl: Acl = { anonymous: [], users: new Map(), patterns: [] };

  constructor(file: string) {
    this.file = file;
  }

  /** Reads the file, at the start and again whenever it has changed. After a failure the rules are as they were. */
  async load(): Promise<void> {
    let text: string;
    try {
      text = await readFile(this.file, 'utf8');
    } catch (error) {
      throw new IsthmusError('CONFIG', `${this.file}: ${(error as Error).message}`, { cause: error });
    }
    this.acl = parseAcl(text, this.file);
  }

  mayPublish(who: Who, topic: string): boolean {
    return this.allows(who, topic, 'write');
  }

  mayReceive(who: Who, topic: string): boolean {
    return this.allows(who, topic, 'read');
  }

  /** Refuses what could never deliver anything, and what a denial covers; the rest is sorted out at delivery. */
  maySubscribe(who: Who, filter: string): boolean {
    const levels = filter.split('/');
    const rules = this.rulesFor(who);
    const denied = rules.some((rule) => rule.access === 'deny' && ruleCovers(rule, levels, who));
    return !denied && rules.some((rule) => grants(rule, 'read') && ruleTouches(rule, levels, who));
  }

  private allows(who: Who, topic: string, access: 'read' | 'write'): boolean {
    const own = decide(this.ownRules(who), who, topic, access);
    if (own !== undefined) return own;
    const { patterns } = this.acl;
    if (patterns.length === 0 || hasStrangeName(who)) return false;
    return decide(patterns, who, topic, access) ?? false;
  }

  private ownRules({ username }: Who): readonly AclRule[] {
    return username === undefined ? this.acl.anonymous : (this.acl.users.get(username) ?? []);
  }

  private rulesFor(who: Who): readonly AclRule[] {
    return hasStrangeName(who) ? this.ownRules(who) : [...this.ownRules(who), ...this.acl.patterns];
  }
}

/** What the first rule that has to say something says. */
function decide(rules: readonly AclRule[], who: Who, topic: string, access: 'read' | 'write'): boolean | undefined {
  for (const rule of rules) {
    if (rule.access !== 'deny' && !grants(rule, access)) continue;
    if (ruleMatches(rule, topic, who)) return rule.access !== 'deny';
  }
  return undefined;
}

const grants = (rule: AclRule, access: 'read' | 'write'): boolean =>
  rule.access === access || rule.access === 'readwrite';
