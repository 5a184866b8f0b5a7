import { type JsonObject, writeJson } from './dialects/json.js';
import { msgTypeEvent } from './dialects/msgtype.js';
import { itemOf } from './dialects/msgtype-replies.js';
import type { Wakefulness } from './presence.js';
import type { Registration } from './registration.js';
import type { Entry } from './values.js';

/** What the status topic says of an endpoint: `awake` and `asleep` of one in queue mode, `online` of any other. */
export type Status = 'online' | Wakefulness | 'offline';

/** Why a registration has ended. */
export type EndReason =
  | 'deregister' // the device said so
  | 'expired' // its lifetime ended without an update
  | 'takeover' // another client took the endpoint's name at the broker
  | 'kicked'; // the broker's administrator removed the client

/** The event of a registration or an update, in the msgType dialect: everything the device is registered with. */
export function registrationEvent(msgType: 'register' | 'update', registration: Registration): string {
  const { endpoint, lifetimeSeconds, version, parameters, objects } = registration;
  const { lwm2m = version, ...others } = parameters;
  return msgTypeEvent(msgType, {
    alternatePath: `/${objects.alternatePath.join('/')}`,
    ep: endpoint,
    lt: lifetimeSeconds,
    lwm2m,
    ...others,
    objectList: [...objects.paths],
  });
}

/** The event of a registration's end. */
export function endEvent(reason: EndReason, registration: Registration): string {
  return msgTypeEvent(reason, { ep: registration.endpoint });
}

/** The event of a device in queue mode that begins or ceases to listen. */
export function wakefulnessEvent(to: Wakefulness, registration: Registration): string {
  return msgTypeEvent(to, { ep: registration.endpoint });
}

/** The text of the status topic. */
export function statusText(status: Status, registration: Registration): string {
  return writeJson({ ep: registration.endpoint, status });
}

/** The event of values that a device sent without being asked [LWM2M 6.4.6]. */
export function sendEvent(entries: readonly Entry[]): string {
  const data: JsonObject = { content: entries.map(itemOf) };
  return msgTypeEvent('send', data);
}
