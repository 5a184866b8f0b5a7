import type { OutgoingRequest } from '../coap/types.js';
import type { Identity } from '../core/datagram.js';
import { DecodeError } from '../core/errors.js';
import type { Job, ReplyTo } from './command-queue.js';
import { formatsIn } from './content-choice.js';
import type { Device, Observed } from './device.js';
import { isObject, type Json, type JsonObject, MAX_JSON_DEPTH, parseJson, writeJson } from './dialects/json.js';
import type { Credentials, Lwm2mVersion } from './registration.js';

/** What the store keeps of a registration, as JSON: readable, and 400 bytes for a usual device. */
export interface RegistrationRecord {
  readonly id: string;
  readonly lifetime: number;
  readonly version: Lwm2mVersion;
  readonly queueMode: boolean;
  readonly parameters: Readonly<Record<string, string>>;
  readonly links: string;
  /** When it was made or last updated, ms since 1970. */
  readonly renewedAt: number;
  /** Key of the peer it is bound to, and who that has proven to be. */
  readonly peer: string;
  readonly identity?: Identity;
  readonly topicAddress: string;
  readonly credentials?: Credentials;
  /** Content formats that the device does not take. */
  readonly refused?: { readonly read: readonly number[]; readonly write: readonly number[] };
}

/** A command as an application sent it, and the filter of the topics on which it came. */
export interface RequestRecord {
  readonly request: JsonObject;
  readonly on: string;
}

/** What the store keeps of an observation. Token and request are absent while the device does not know of it. */
export interface ObservationRecord {
  readonly token?: string;
  readonly sent?: SentRecord;
  readonly observers: readonly RequestRecord[];
}

/** The request that a device was sent. */
export type SentRecord = Pick<OutgoingRequest, 'method' | 'path' | 'accept' | 'contentFormat'> & {
  /** In base64. */
  readonly payload?: string;
};

/** What the store keeps of a command without an answer. */
export interface CommandRecord extends RequestRecord {
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** The device may have had it. */
  readonly sent: boolean;
  /** Where its answer goes, with the correlation data in base64. */
  readonly replyTo?: { readonly topic: string; readonly correlationData?: string };
}

/** Writes the record of a registration. */
export function encodeRegistration(device: Device): Buffer {
  const { id, registration, peer, topicAddress, credentials, renewedAt, refusedReads, refusedWrites } = device;
  const { lifetimeSeconds, version, queueMode, parameters, objects } = registration;
  const { identity } = peer;
  const record: RegistrationRecord = {
    id,
    lifetime: lifetimeSeconds,
    version,
    queueMode,
    parameters,
    links: objects.links,
    renewedAt: Math.round(renewedAt),
    peer: peer.key,
    ...(identity === undefined ? {} : { identity }),
    topicAddress,
    ...(credentials === undefined ? {} : { credentials }),
    ...(refusedReads === 0 && refusedWrites === 0
      ? {}
      : { refused: { read: formatsIn(refusedReads), write: formatsIn(refusedWrites) } }),
  };
  return Buffer.from(JSON.stringify(record));
}

/** Reads the record of a registration. Undefined when it is damaged. */
export function decodeRegistration(text: string): RegistrationRecord | undefined {
  try {
    const json = JSON.parse(text) as Json;
    return isObject(json) && 'links' in json ? (json as unknown as RegistrationRecord) : undefined;
  } catch {
    return undefined;
  }
}

/** Reads the record of an observation. Undefined when it is damaged. */
export function decodeObservation(text: string): ObservationRecord | undefined {
  return decode(text, 'observers') as ObservationRecord | undefined;
}

/** Reads the record of a command. Undefined when it is damaged. */
export function decodeCommand(text: string): CommandRecord | undefined {
  return decode(text, 'request') as CommandRecord | undefined;
}

function decode(text: string, essential: string): unknown {
  // Applications' requests may hold integers that JSON.parse would round; here they lie a little deeper.
  const json = parseJson(text, MAX_JSON_DEPTH + 10);
  return !(json instanceof DecodeError) && isObject(json) && essential in json ? json : undefined;
}

/** Writes the record of an observation. */
export function encodeObservation({ observation, observers }: Observed): Buffer {
  const record: JsonObject = {
    ...(observation === undefined
      ? {}
      : { token: observation.token.toString('hex'), sent: sentRecord(observation.request) }),
    observers: observers.map(({ replies, topics }) => ({ on: topics.command.text, request: replies.request })),
  };
  return Buffer.from(writeJson(record));
}

const tokenFirst = '{"token":"';

/**
 * The token in the record of an observation, and the rest, which is a record too: that of very many devices is the same
 * and can be read once.
 */
export function splitObservation(record: string): { readonly token: Buffer | undefined; readonly rest: string } {
  const end = record.startsWith(tokenFirst) ? record.indexOf('",', tokenFirst.length) : -1;
  if (end < 0) return { token: undefined, rest: record };
  return { token: Buffer.from(record.slice(tokenFirst.length, end), 'hex'), rest: `{${record.slice(end + 2)}` };
}

/** Writes the record of a command. */
export function encodeCommand({ replies, topics, expiresAt, sent, replyTo }: Job): Buffer {
  const record: JsonObject = {
    expiresAt: Math.round(expiresAt),
    sent,
    on: topics.command.text,
    request: replies.request,
    ...(replyTo === undefined ? {} : { replyTo: replyToRecord(replyTo) }),
  };
  return Buffer.from(writeJson(record));
}

function replyToRecord({ topic, correlationData }: ReplyTo): JsonObject {
  return { topic, ...(correlationData === undefined ? {} : { correlationData: correlationData.toString('base64') }) };
}

function sentRecord({ method, path = [], accept, contentFormat, payload }: OutgoingRequest): JsonObject {
  return {
    method,
    path: [...path],
    ...(accept === undefined ? {} : { accept }),
    ...(contentFormat === undefined ? {} : { contentFormat }),
    ...(payload === undefined ? {} : { payload: payload.toString('base64') }),
  };
}
