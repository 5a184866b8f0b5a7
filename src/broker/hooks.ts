import type { AedesOptions, AuthenticateError, PublishPacket } from 'aedes';
import type { Log } from '../core/log.js';
import type { Counter } from '../core/metrics.js';
import type { Committed } from '../store/store.js';
import type { Who } from './auth.js';
import type { ClientRules } from './client-rules.js';
import { neverDuplicate, replaceParse, stateOf } from './client-state.js';
import { FastDeliver } from './fast-deliver.js';
import { fastParse } from './fast-parse.js';
import type { Forwarding } from './forwarding.js';
import type { Message } from './port.js';
import type { PublishFirst } from './publish-first.js';
import { isTopicName } from './topics.js';

/** What the broker asks aedes to obey. */
export interface HookOptions {
  readonly rules: ClientRules;
  readonly maxClientIdBytes: number;
  /** Publishes what a client has sent; `done` when all is stored and taken. */
  readonly publish: (message: Message, done: (error?: Error) => void, clientId: string) => void;
  readonly publishFirst: PublishFirst;
  readonly forwarding: Forwarding;
  /** Calls back when those whom a message of this topic concerns have room for it, or with an error. */
  readonly whenRoom: (topic: string, then: (full?: Error) => void) => void;
  readonly brokerId: string;
  /** Calls back when what was stored so far is safe. */
  readonly committed: (callback: Committed) => void;
  readonly log: Log;
  readonly refused: Counter;
}

// What is acknowledged but goes nowhere gets this name: no filter can have it, for no filter may have a NUL, and the
// dollar keeps it from the wildcards.
const nowhere = '$\0';

type HookName =
  | 'preConnect'
  | 'authenticate'
  | 'authorizePublish'
  | 'authorizeSubscribe'
  | 'authorizeForward'
  | 'published';

/** aedes' hooks: the rules of access, and what MQTT demands and aedes does not do by itself. */
export function aedesHooks(options: HookOptions): Required<Pick<AedesOptions, HookName>> {
  const { rules, publishFirst, forwarding, log } = options;
  const deliver = new FastDeliver((client, packet) => forwarding.forward(client, packet));

  const mayPublish = (who: Who, topic: string): boolean => {
    const allowed = rules.mayPublish(who, topic);
    if (!allowed) {
      options.refused.value++;
      log.debug({ clientId: who.clientId, topic }, 'publication refused');
    }
    return allowed;
  };

  const parse = fastParse((client, { topic, payload, retain }) => {
    // aedes tells its client so.
    if (!isTopicName(topic)) return false;
    if (mayPublish(rules.who(client), topic)) {
      client._parsingBatch++;
      options.publish({ topic, payload, qos: 0, retain }, client._nextBatch, client.id);
    }
    return true;
  });

  return {
    preConnect(client, packet, done) {
      neverDuplicate(client, options.brokerId);
      deliver.prepare(stateOf(client));
      replaceParse(client, parse);
      // aedes makes up a name for whoever has none; it may not for a session to come back to [MQTT-3.1.3-8]. This one
      // is refused below.
      if (packet.clientId === '' && !packet.clean) packet.clientId = '\0';
      done(null, true);
    },

    authenticate(client, username, password, done) {
      const { id: clientId } = client;
      if (Buffer.byteLength(clientId) > options.maxClientIdBytes || clientId.includes('\0')) {
        done(connectError('client id rejected', 2), false);
        return;
      }
      rules.remember(client, username);
      const answer = (allowed: boolean): void => {
        if (allowed) {
          forwarding.expect(client);
          done(null, true);
          return;
        }
        log.info({ clientId, username }, 'MQTT client refused');
        const anonymous = username === undefined;
        done(anonymous ? connectError('not authorized', 5) : connectError('bad user name or password', 4), false);
      };
      const allowed = rules.check({ clientId, username, password });
      if (typeof allowed === 'boolean') answer(allowed);
      else
        allowed.then(answer, (error: unknown) => {
          log.warn({ err: error, clientId }, 'the password could not be checked');
          done(connectError('server unavailable', 3), false);
        });
    },

    authorizePublish(client, packet, done) {
      const { topic } = packet;
      if (!isTopicName(topic)) {
        done(new Error('not a topic name'));
        return;
      }
      // Whether it is a repetition is between its publisher and us [MQTT-3.3.1-3].
      packet.dup = false;
      const who = client === null ? ownerOfWill(packet) : rules.who(client);
      if (!mayPublish(who, topic)) {
        // MQTT 3.1.1 lets a server acknowledge what it does not accept [MQTT-3.3.5-2]: to close the connection would
        // make a device connect and send the same again without end.
        sendNowhere(packet);
        done(null);
        return;
      }
      // A will has no message id; it is published after this as it is.
      if (client === null || packet.qos === 0 || packet.messageId === undefined) {
        done(null);
        return;
      }
      options.whenRoom(topic, (full) => {
        if (full !== undefined || packet.qos !== 1) {
          done(full ?? null);
          return;
        }
        publishFirst.run(client, packet, (error) => {
          sendNowhere(packet);
          done(error ?? null);
          // The PUBACK is written; what aedes still does with the packet is less for QoS 0.
          packet.qos = 0;
        });
      });
    },

    authorizeSubscribe(client, subscription, done) {
      const allowed = rules.maySubscribe(rules.who(client), subscription.topic);
      if (!allowed) log.debug({ clientId: client.id, filter: subscription.topic }, 'subscription refused');
      done(null, allowed ? subscription : null);
    },

    authorizeForward: (client, packet) => forwarding.forward(client, packet),

    published(packet, _client, done) {
      // The last step of every publication, in which all that it has stored is made sure of.
      if (packet.qos === 0) done(null);
      else options.committed((error) => done(error ?? null));
    },
  };
}

/** Who may answer for a will that is published after its client's broker has gone. */
function ownerOfWill(will: PublishPacket & { clientId?: string; username?: string | undefined }): Who {
  return { clientId: will.clientId ?? '', username: will.username };
}

function sendNowhere(packet: PublishPacket): void {
  packet.topic = nowhere;
  packet.retain = false;
}

/** An error that aedes answers with this return code of CONNACK. */
function connectError(message: string, returnCode: 2 | 3 | 4 | 5): AuthenticateError {
  // aedes types the code as an ambient const enum, of which isolated modules cannot have a value.
  const error: unknown = Object.assign(new Error(message), { returnCode });
  return error as AuthenticateError;
}
