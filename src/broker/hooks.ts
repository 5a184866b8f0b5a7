import type { AedesOptions, AedesPublishPacket, AuthenticateError, Client } from 'aedes';
import type { Log } from '../core/log.js';
import type { Counter } from '../core/metrics.js';
import type { Authenticator, Authorizer, Who } from './auth.js';
import { atGrantedQos, deliverHighest } from './granted-qos.js';
import { isTopicFilter, isTopicName } from './topics.js';

/** What the broker asks aedes to obey. */
export interface HookOptions {
  readonly authenticator: Authenticator | undefined;
  readonly authorizer: Authorizer | undefined;
  readonly maxClientIdLength: number;
  /** Takes a message that may not be delivered out of its client's queue. */
  readonly forgetQueued: (client: Client, packet: AedesPublishPacket) => void;
  readonly log: Log;
  readonly refused: Counter;
}

/** Publications that are acknowledged but go nowhere are sent to this name, to which nobody can subscribe. */
const nowhere = '$SYS/refused';

type Hooks = Required<
  Pick<AedesOptions, 'preConnect' | 'authenticate' | 'authorizePublish' | 'authorizeSubscribe' | 'authorizeForward'>
>;

/** aedes' hooks: the rules of access, and what MQTT demands and aedes does not check. */
export function aedesHooks(options: HookOptions): Hooks {
  const { authenticator, authorizer, maxClientIdLength, forgetQueued, log, refused } = options;
  const users = new WeakMap<Client, Who>();
  const whoIs = (client: Client): Who => users.get(client) ?? { clientId: client.id, username: undefined };

  return {
    preConnect(client, packet, done) {
      deliverHighest(client);
      // aedes makes up a name for whoever has none; it may not for a session to come back to [MQTT-3.1.3-8]. This one
      // is refused below.
      if (packet.clientId === '' && !packet.clean) packet.clientId = '\0';
      done(null, true);
    },

    authenticate(client, username, password, done) {
      const { id: clientId } = client;
      if (clientId.length > maxClientIdLength || clientId.includes('\0')) {
        done(connectError('client id rejected', 2), false);
        return;
      }
      if (username !== undefined) users.set(client, { clientId, username });
      const answer = (allowed: boolean): void => {
        if (allowed) {
          done(null, true);
          return;
        }
        log.info({ clientId, username }, 'MQTT client refused');
        const anonymous = username === undefined;
        done(anonymous ? connectError('not authorized', 5) : connectError('bad user name or password', 4), false);
      };
      const allowed = authenticator?.check({ clientId, username, password }) ?? true;
      if (typeof allowed === 'boolean') answer(allowed);
      else
        allowed.then(answer, (error: unknown) => {
          log.warn({ err: error, clientId }, 'the password could not be checked');
          done(connectError('server unavailable', 3), false);
        });
    },

    authorizePublish(client, packet, done) {
      if (!isTopicName(packet.topic)) {
        done(new Error('not a topic name'));
        return;
      }
      // client is null for the will of a client that has gone with an earlier run of the broker.
      const who = client === null ? { clientId: '', username: undefined } : whoIs(client);
      const allowed = !packet.topic.startsWith('$SYS/') && (authorizer?.mayPublish(who, packet.topic) ?? true);
      if (!allowed) {
        // MQTT 3.1.1 lets a server acknowledge what it does not accept [MQTT-3.3.5-2]: to close the connection would
        // make a device connect and send the same again without end.
        refused.value++;
        log.debug({ clientId: who.clientId, topic: packet.topic }, 'publication refused');
        packet.topic = nowhere;
        packet.retain = false;
      }
      done(null);
    },

    authorizeSubscribe(client, subscription, done) {
      const { topic } = subscription;
      const allowed =
        isTopicFilter(topic) &&
        !topic.startsWith('$share/') &&
        (authorizer?.maySubscribe(whoIs(client), topic) ?? true);
      if (!allowed) log.debug({ clientId: client.id, filter: topic }, 'subscription refused');
      done(null, allowed ? subscription : null);
    },

    authorizeForward(client, packet) {
      if (authorizer === undefined || authorizer.mayReceive(whoIs(client), packet.topic)) {
        return atGrantedQos(client, packet);
      }
      forgetQueued(client, packet);
      return null;
    },
  };
}

/** An error that aedes answers with this return code of CONNACK. */
function connectError(message: string, returnCode: 2 | 3 | 4 | 5): AuthenticateError {
  // aedes types the code as an ambient const enum, of which isolated modules cannot have a value.
  const error: unknown = Object.assign(new Error(message), { returnCode });
  return error as AuthenticateError;
}
