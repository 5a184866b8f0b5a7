import type { ResponseCode } from '../coap/types.js';
import { attempt, DecodeError } from '../core/errors.js';
import { InternCache } from './intern-cache.js';
import { parseRegisteredObjects, type RegisteredObjects } from './registered-objects.js';

/** Versions of LwM2M that are spoken here. */
export type Lwm2mVersion = '1.0' | '1.1' | '1.2';

/** What a device has said about itself when it registered and since. */
export interface Registration {
  readonly endpoint: string;
  readonly lifetimeSeconds: number;
  readonly version: Lwm2mVersion;
  /** The device sleeps and hears nothing between its own packets. */
  readonly queueMode: boolean;
  /** Query parameters that may be published, as sent, without ep and lt. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly objects: RegisteredObjects;
}

/** User name and password a device gave among its query parameters. For its link only, never published. */
export interface Credentials {
  readonly username?: string;
  readonly password?: string;
}

/** What an update changes; absent stays. */
export interface RegistrationUpdate {
  readonly lifetimeSeconds?: number;
  readonly queueMode?: boolean;
  readonly parameters: Readonly<Record<string, string>>;
  readonly objects?: RegisteredObjects;
}

/** A request that is answered with an error; the reason is for people. */
export interface Refusal {
  readonly kind: 'refused';
  readonly code: ResponseCode;
  readonly reason: string;
}

/** What the parsers need to know of Lwm2mOptions. */
export interface RegistrationRules {
  readonly lifetimeMinSeconds: number;
  readonly lifetimeMaxSeconds: number;
  readonly publishedParameters: readonly string[];
  readonly psmApns: readonly string[];
}

const defaultLifetimeSeconds = 86_400;
const alwaysPublished = new Set(['lwm2m', 'b', 'sms', 'Q']);
/** Parameters without anything of one device's own. */
const common = new InternCache<Readonly<Record<string, string>>>(1000);

/** Reads a Register request [LWM2M 6.2.1]. */
export function parseRegister(
  query: readonly string[],
  payload: Buffer,
  rules: RegistrationRules,
): { kind: 'accepted'; registration: Registration; credentials: Credentials | undefined } | Refusal {
  const parameters = parseQuery(query);
  if (parameters === undefined) return refused('4.00', 'a query parameter is malformed or given twice');
  const given = parameters.get('ep');
  if (given === undefined || given === '') return refused('4.00', 'ep is missing');
  // A text of its own, not a part of the query's, which would be kept with it.
  const endpoint = Buffer.from(given).toString();
  const version = parseVersion(parameters.get('lwm2m'));
  if (version === undefined) return refused('4.12', 'lwm2m must be 1.0, 1.1 or 1.2');
  const lifetimeSeconds = parseLifetime(parameters.get('lt') ?? String(defaultLifetimeSeconds), rules);
  if (typeof lifetimeSeconds !== 'number') return lifetimeSeconds;
  const objects = attempt(() => parseRegisteredObjects(payload));
  if (objects instanceof DecodeError) return refused('4.00', `the object list: ${objects.message}`);
  return {
    kind: 'accepted',
    registration: {
      endpoint,
      lifetimeSeconds,
      version,
      queueMode: isQueueMode(parameters) || rules.psmApns.includes(parameters.get('apn') ?? ''),
      parameters: published(parameters, rules),
      objects,
    },
    credentials: credentialsIn(parameters),
  };
}

/** Reads an Update request [LWM2M 6.2.2]. */
export function parseUpdate(
  query: readonly string[],
  payload: Buffer,
  rules: RegistrationRules,
): { kind: 'accepted'; update: RegistrationUpdate } | Refusal {
  const parameters = parseQuery(query);
  if (parameters === undefined) return refused('4.00', 'a query parameter is malformed or given twice');
  const lt = parameters.get('lt');
  const lifetimeSeconds = lt === undefined ? undefined : parseLifetime(lt, rules);
  if (typeof lifetimeSeconds === 'object') return lifetimeSeconds;
  const objects = payload.length === 0 ? undefined : attempt(() => parseRegisteredObjects(payload));
  if (objects instanceof DecodeError) return refused('4.00', `the object list: ${objects.message}`);
  // The version is settled by the registration; an update cannot change it.
  parameters.delete('lwm2m');
  const queueMode = parameters.has('b') || parameters.has('Q') ? isQueueMode(parameters) : undefined;
  return {
    kind: 'accepted',
    update: {
      parameters: published(parameters, rules),
      ...(lifetimeSeconds === undefined ? {} : { lifetimeSeconds }),
      ...(queueMode === undefined ? {} : { queueMode }),
      ...(objects === undefined ? {} : { objects }),
    },
  };
}

/** The registration after an update. */
export function updated(registration: Registration, update: RegistrationUpdate): Registration {
  return { ...registration, ...update, parameters: { ...registration.parameters, ...update.parameters } };
}

/** Each parameter once, `name=value` or, for Q alone, `name`. */
function parseQuery(query: readonly string[]): Map<string, string> | undefined {
  const parameters = new Map<string, string>();
  for (const option of query) {
    const equals = option.indexOf('=');
    if (equals === 0 || (equals < 0 && option !== 'Q')) return undefined;
    const name = equals < 0 ? option : option.slice(0, equals);
    if (parameters.has(name)) return undefined;
    parameters.set(name, equals < 0 ? '' : option.slice(equals + 1));
  }
  return parameters;
}

/** Version 1.0 could leave the parameter out, and its early clients say `1`. */
function parseVersion(text: string | undefined): Lwm2mVersion | undefined {
  switch (text) {
    case undefined:
    case '1':
    case '1.0':
      return '1.0';
    case '1.1':
    case '1.2':
      return text;
    default:
      return undefined;
  }
}

function parseLifetime(text: string, rules: RegistrationRules): number | Refusal {
  if (!/^\d{1,10}$/.test(text)) return refused('4.00', 'lt is not a number of seconds');
  const { lifetimeMinSeconds, lifetimeMaxSeconds } = rules;
  const seconds = Number(text);
  return seconds < lifetimeMinSeconds || seconds > lifetimeMaxSeconds
    ? refused('4.00', `lt must be ${lifetimeMinSeconds} to ${lifetimeMaxSeconds} s`)
    : seconds;
}

/** `b=UQ` and the like in 1.0, `Q` beside `b` since 1.1; either is taken from any version. */
function isQueueMode(parameters: ReadonlyMap<string, string>): boolean {
  const q = parameters.get('Q');
  return (parameters.get('b') ?? '').includes('Q') || (q !== undefined && q !== '0' && q !== 'false');
}

function published(
  parameters: ReadonlyMap<string, string>,
  rules: RegistrationRules,
): Readonly<Record<string, string>> {
  const kept: Record<string, string> = {};
  for (const [name, value] of parameters) {
    if (alwaysPublished.has(name) || (rules.publishedParameters.includes(name) && name !== 'ep' && name !== 'lt')) {
      kept[name] = value;
    }
  }
  return sharedParameters(kept);
}

/** The same parameters, in one object for all devices that say alike. */
export function sharedParameters(parameters: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  if (Object.keys(parameters).some((name) => name !== 'lwm2m' && name !== 'b' && name !== 'Q')) return parameters;
  const key = JSON.stringify(parameters);
  return common.get(key) ?? common.add(key, parameters);
}

function credentialsIn(parameters: ReadonlyMap<string, string>): Credentials | undefined {
  const username = parameters.get('imei');
  const password = parameters.get('password');
  if (username === undefined && password === undefined) return undefined;
  return { ...(username === undefined ? {} : { username }), ...(password === undefined ? {} : { password }) };
}

function refused(code: ResponseCode, reason: string): Refusal {
  return { kind: 'refused', code, reason };
}
