/** What a client shows when it connects. */
export interface Credentials {
  readonly clientId: string;
  readonly username?: string | undefined;
  readonly password?: Buffer | undefined;
}

/** A client that has been let in, as the access rules see it. */
export interface Who {
  readonly clientId: string;
  readonly username: string | undefined;
}

/** Decides who may connect, over MQTT or through a link. */
export interface Authenticator {
  check(credentials: Credentials): boolean | Promise<boolean>;
}

/** Decides what a client may do. Asked for every message, so it answers from memory. */
export interface Authorizer {
  mayPublish(who: Who, topic: string): boolean;
  /** Whether it may subscribe at all; what it then gets is `mayReceive`'s to decide. */
  maySubscribe(who: Who, filter: string): boolean;
  /** Whether a message of this topic may be delivered. */
  mayReceive(who: Who, topic: string): boolean;
}

/**
 * The first rule of access: without a user name, `allowAnonymous` decides; with one, the passwords do. When there are
 * no passwords to compare with, a user name is as good as none.
 */
export function accessRule(allowAnonymous: boolean, passwords?: Authenticator): Authenticator {
  return {
    check: (credentials) =>
      credentials.username === undefined || passwords === undefined ? allowAnonymous : passwords.check(credentials),
  };
}
