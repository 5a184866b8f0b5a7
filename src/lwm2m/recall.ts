import type { CoapEndpoint, OutgoingRequest } from '../coap/types.js';
import { attempt, DecodeError } from '../core/errors.js';
import { AbsentPeer } from './absent-peer.js';
import { Job, type ReplyTo } from './command-queue.js';
import { withFormat } from './content-choice.js';
import { type DefinitionSource, Device, type ObserveCommand, type Observed, type Observer } from './device.js';
import { writeJson } from './dialects/json.js';
import { parseRequest } from './dialects/parse-command.js';
import { InternCache } from './intern-cache.js';
import type { Relation } from './observing.js';
import { parseRegisteredObjects } from './registered-objects.js';
import { sharedParameters } from './registration.js';
import type { CommandRecord, ObservationRecord, RegistrationRecord, RequestRecord, SentRecord } from './snapshot.js';
import type { Topics } from './topics.js';

/** An observation from before a restart; without a relation the device does not know of it. */
export interface RecalledObservation {
  readonly observed: Observed;
  readonly relation: Relation | undefined;
}

function replyToOf({ topic, correlationData }: NonNullable<CommandRecord['replyTo']>): ReplyTo {
  return {
    topic,
    ...(correlationData === undefined ? {} : { correlationData: Buffer.from(correlationData, 'base64') }),
  };
}

/** Makes devices, commands and observations of what the store kept of them. What many have alike is made once. */
export class Recall {
  private readonly definitions: DefinitionSource;
  private readonly topicsOf: (filter: string) => Topics;
  private readonly observers = new InternCache<Omit<Observed, 'observation'> | undefined>(1000);
  private readonly requests = new InternCache<OutgoingRequest>(1000);

  constructor(definitions: DefinitionSource, topicsOf: (filter: string) => Topics) {
    this.definitions = definitions;
    this.topicsOf = topicsOf;
  }

  /** The device, at a peer that is not there yet; undefined when its record makes no sense. */
  device(endpoint: string, record: RegistrationRecord, coap: CoapEndpoint): Device | undefined {
    const objects = attempt(() => parseRegisteredObjects(Buffer.from(record.links)));
    if (objects instanceof DecodeError) return undefined;
    const { id, lifetime, version, queueMode, peer, identity, topicAddress } = record;
    const parameters = sharedParameters(record.parameters);
    const registration = { endpoint, lifetimeSeconds: lifetime, version, queueMode, parameters, objects };
    const place = new AbsentPeer(peer, identity);
    const device = new Device(id, registration, place, coap, this.definitions, topicAddress);
    device.credentials = record.credentials;
    device.renewedAt = record.renewedAt;
    device.refusedReads = (record.refused?.read ?? []).reduce(withFormat, 0);
    device.refusedWrites = (record.refused?.write ?? []).reduce(withFormat, 0);
    return device;
  }

  /** A command; undefined when its record makes no sense. */
  job({ expiresAt, sent, replyTo, ...request }: CommandRecord, seq: number): Job | undefined {
    const addressed = this.addressed(request);
    if (addressed === undefined) return undefined;
    const job = new Job(replyTo === undefined ? addressed : { ...addressed, replyTo: replyToOf(replyTo) }, {
      expiresAt,
      seq,
    });
    job.stored = true;
    job.sent = sent;
    job.repeated = sent;
    return job;
  }

  /** An observation; undefined when its record makes no sense. */
  observation({ token, sent, observers }: ObservationRecord): RecalledObservation | undefined {
    const known = this.observersOf(observers);
    if (known === undefined) return undefined;
    return {
      observed: { ...known, observation: undefined },
      relation:
        token === undefined || sent === undefined
          ? undefined
          : { token: Buffer.from(token, 'hex'), request: this.requestOf(sent) },
    };
  }

  private observersOf(records: ObservationRecord['observers']): Omit<Observed, 'observation'> | undefined {
    const key = records.map(({ on, request }) => `${on} ${writeJson(request)}`).join('\n');
    const known = this.observers.get(key);
    if (known !== undefined) return known;
    let command: ObserveCommand | undefined;
    const observers: Observer[] = [];
    for (const record of records) {
      const addressed = this.addressed(record);
      if (addressed?.command.kind !== 'observe' && addressed?.command.kind !== 'observe-composite') continue;
      command ??= addressed.command;
      observers.push({ replies: addressed.replies, topics: addressed.topics });
    }
    return command === undefined ? undefined : this.observers.add(key, { command, observers });
  }

  private requestOf(sent: SentRecord): OutgoingRequest {
    const key = JSON.stringify(sent);
    const { payload, ...others } = sent;
    const request = payload === undefined ? others : { ...others, payload: Buffer.from(payload, 'base64') };
    return this.requests.get(key) ?? this.requests.add(key, request);
  }

  private addressed({ request, on }: RequestRecord) {
    const parsed = parseRequest(request);
    return parsed?.kind === 'command'
      ? { command: parsed.command, replies: parsed.replies, topics: this.topicsOf(on) }
      : undefined;
  }
}
