import type { ResponseCode } from '../coap/types.js';
import type { JsonObject } from './dialects/json.js';
import type { Path } from './path.js';
import type { Entry, ResourceType } from './values.js';

/** A value to be written, as an application gave it; its type is settled with the object's definition. */
export interface Draft {
  /** Absolute, 3 or 4 ids. */
  readonly path: Path;
  /** The type the application named, for a resource without a definition. */
  readonly type?: ResourceType;
  readonly value: string | number | bigint | boolean | Buffer;
}

/** What an application asks of a device. */
export type Command =
  | { readonly kind: 'read'; readonly path: Path }
  | { readonly kind: 'discover'; readonly path: Path; readonly depth?: number }
  | { readonly kind: 'observe'; readonly path: Path }
  | { readonly kind: 'cancel-observe'; readonly path: Path }
  | {
      readonly kind: 'write';
      /** An instance, a resource or a resource instance; every draft is it or below it. */
      readonly path: Path;
      /** Replace: what is not given is reset. Update: it stays. */
      readonly mode: 'replace' | 'update';
      readonly drafts: readonly Draft[];
    }
  | {
      readonly kind: 'write-attributes';
      readonly path: Path;
      /** One Uri-Query each: `pmin=10` sets, `pmin` removes. */
      readonly attributes: readonly string[];
    }
  | { readonly kind: 'execute'; readonly path: Path; readonly args: string }
  | {
      readonly kind: 'create';
      /** The object. */
      readonly path: Path;
      /** Absent: the device picks the instance's id, and the drafts' instance id says nothing. */
      readonly instanceId?: number;
      readonly drafts: readonly Draft[];
    }
  | { readonly kind: 'delete'; readonly path: Path }
  | Composite<'read-composite'>
  | Composite<'observe-composite'>
  | Composite<'cancel-observe-composite'>
  | {
      readonly kind: 'write-composite';
      readonly path: Root;
      readonly drafts: readonly Draft[];
      /** Resource instances that are to go. */
      readonly removed: readonly Path[];
    };

/** What is asked for on many paths at once is asked of the root. */
type Root = readonly [];

interface Composite<Kind extends string> {
  readonly kind: Kind;
  readonly path: Root;
  readonly paths: readonly Path[];
}

/** Why a command has no answer of its device. */
export type Failure =
  | 'timeout' // no answer in the time given
  | 'outcome_unknown' // the device may have done it, must not be asked again, and its answer cannot come any more
  | 'reset' // the device answered with RST
  | 'too_large' // the answer or the request is beyond the limit
  | 'not_registered' // no such endpoint, or it left meanwhile
  | 'queue_full'
  | 'expired' // waited too long for a sleeping device
  | 'not_observed' // nothing to cancel
  | 'no_definition' // the object has none, and without it the command cannot be made
  | 'bad_value' // a value does not fit its resource
  | 'bad_answer' // the device's answer cannot be read
  | 'internal';

/** What became of a command, or what a notification says. */
export type Result =
  | {
      readonly kind: 'content';
      readonly code: ResponseCode;
      readonly entries: readonly Entry[];
      /** False: the object has no definition, and types are guessed. */
      readonly defined: boolean;
    }
  | {
      /** The answer is in a content format that is not known here. */
      readonly kind: 'undecoded';
      readonly code: ResponseCode;
      readonly path: Path;
      readonly contentFormat: number;
      readonly payload: Buffer;
    }
  | { readonly kind: 'links'; readonly code: ResponseCode; readonly links: string }
  | {
      readonly kind: 'done';
      /** Of any class: the device did it, or refused. */
      readonly code: ResponseCode;
      /** The path of an instance that was created. */
      readonly location?: string;
    }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly reason?: string };

/** Writes what an application is told about one command of its. */
export interface Replies {
  /** Where notifications go: to the topic of answers, or to their own. */
  readonly notifyTopic: 'response' | 'notify';
  /** Which application dialect this is; of one path each dialect has one observer. */
  readonly dialect: string;
  /** The command as the application sent it, from which it can be read again. */
  readonly request: JsonObject;
  answer(result: Result): string;
  notification(result: Result, sequence: number): string;
  /** The device has the command and will answer later; undefined when the dialect has no word for it. */
  acknowledged(): string | undefined;
  /** The command waits for a sleeping device; undefined when the dialect has no word for it. */
  queued(): string | undefined;
}
