import type { JsonObject } from './dialects/json.js';
import { msgTypeEvent } from './dialects/msgtype.js';
import { itemOf } from './dialects/msgtype-replies.js';
import type { Registration } from './registration.js';
import type { Entry } from './values.js';

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

/** The event of values that a device sent without being asked [LWM2M 6.4.6]. */
export function sendEvent(entries: readonly Entry[]): string {
  const data: JsonObject = { content: entries.map(itemOf) };
  return msgTypeEvent('send', data);
}
