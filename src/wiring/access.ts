import { randomBytes, timingSafeEqual } from 'node:crypto';
import { AclFile } from '../broker/acl-file.js';
import { type Authenticator, type Authorizer, accessRule } from '../broker/auth.js';
import { PasswordFile } from '../broker/password-file.js';
import type { BrokerConfig } from '../config/config.js';

/** Who may connect and what they may do, from files that can be read again. */
export interface Access {
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  /** With what the gateway's own links are let in, and may do everything. The password is of this process only. */
  readonly own: { readonly username: string; readonly password: Buffer };
  /** Reads the files; at a second time, a file with errors leaves what was read before. */
  load(): Promise<void>;
}

/** Client ids of the gateway's own links, which nobody else may take. */
const ownClientIds: ReadonlySet<string> = new Set(['isthmus-lwm2m']);

/** The rules of access as configured. */
export function accessRules({ allowAnonymous, passwordFile, aclFile }: BrokerConfig): Access {
  const passwords = passwordFile === undefined ? undefined : new PasswordFile(passwordFile);
  const acl = aclFile === undefined ? undefined : new AclFile(aclFile);
  const clients = accessRule(allowAnonymous, passwords);
  const own = { username: '$isthmus', password: randomBytes(32) };
  const isOwn = ({ username }: { readonly username?: string | undefined }): boolean => username === own.username;
  return {
    own,
    authenticator: {
      check(credentials) {
        if (isOwn(credentials)) return same(credentials.password, own.password);
        return !ownClientIds.has(credentials.clientId) && clients.check(credentials);
      },
    },
    authorizer: {
      mayPublish: (who, topic) => isOwn(who) || (acl?.mayPublish(who, topic) ?? true),
      maySubscribe: (who, filter) => isOwn(who) || (acl?.maySubscribe(who, filter) ?? true),
      mayReceive: (who, topic) => isOwn(who) || (acl?.mayReceive(who, topic) ?? true),
    },
    async load() {
      await passwords?.load();
      await acl?.load();
    },
  };
}

function same(given: Buffer | undefined, expected: Buffer): boolean {
  return given?.length === expected.length && timingSafeEqual(given, expected);
}
