import { ContentFormat, canonicalFormat } from './formats/content-format.js';
import type { Lwm2mVersion } from './registration.js';
import type { Entry } from './values.js';

const { TEXT, OPAQUE, SENML_JSON, SENML_CBOR, SENML_ETCH_JSON, SENML_ETCH_CBOR, TLV, JSON, LWM2M_CBOR } = ContentFormat;

/** What is known about the content formats of a device. */
export interface FormatFacts {
  readonly version: Lwm2mVersion;
  /** `ct=` of its registration. */
  readonly contentFormats: readonly number[];
  readonly refusedReads: FormatSet;
  readonly refusedWrites: FormatSet;
}

/** A set of content formats as bits: two small numbers per device instead of two objects. */
export type FormatSet = number;

const bits = [TEXT, OPAQUE, SENML_JSON, SENML_CBOR, TLV, JSON, LWM2M_CBOR, SENML_ETCH_JSON, SENML_ETCH_CBOR] as const;

export function withFormat(set: FormatSet, format: number): FormatSet {
  return set | bit(format);
}

/** The formats of a set. */
export function formatsIn(set: FormatSet): number[] {
  return bits.filter((format) => (set & bit(format)) !== 0);
}

function bit(format: number): number {
  const index = (bits as readonly number[]).indexOf(format);
  return index < 0 ? 0 : 1 << index;
}

// The order in which formats for many values are tried. A device of 1.0 knows TLV; later ones may have left it out.
const preferences: Readonly<Record<Lwm2mVersion, readonly number[]>> = {
  '1.0': [TLV, JSON],
  '1.1': [SENML_CBOR, SENML_JSON, TLV, JSON],
  '1.2': [SENML_CBOR, LWM2M_CBOR, SENML_JSON, TLV, JSON],
};

/** The formats for a structured payload, best first: what the device announced comes before what its version implies. */
function structured(facts: FormatFacts): readonly number[] {
  if (facts.contentFormats.length === 0) return preferences[facts.version];
  const announced = facts.contentFormats.map(canonicalFormat);
  const order = preferences[facts.version];
  const known = [...new Set([...order, ...preferences['1.2']])].filter((format) => announced.includes(format));
  return [...known, ...order.filter((format) => !known.includes(format))];
}

/** The format to ask for in a Read; undefined when the device has refused every one, and picks itself. */
export function readFormat(facts: FormatFacts): number | undefined {
  return structured(facts).find((format) => (facts.refusedReads & bit(format)) === 0);
}

/** The format of requests that name many paths; undefined when the device has refused those that can. */
export function compositeFormat(facts: FormatFacts): number | undefined {
  return structured(facts).find(
    (format) =>
      (format === SENML_CBOR || format === SENML_JSON) &&
      ((facts.refusedReads | facts.refusedWrites) & bit(format)) === 0,
  );
}

/** The formats that can say that something is to go, best first; none before 1.2 [RFC 8790 3.2]. */
export function removalFormats(facts: FormatFacts): number[] {
  if (facts.version !== '1.2') return [];
  const isAnnounced = (format: number): boolean => facts.contentFormats.includes(format);
  const order = [SENML_ETCH_CBOR, SENML_ETCH_JSON, LWM2M_CBOR];
  return [...order.filter(isAnnounced), ...order.filter((format) => !isAnnounced(format))].filter(
    (format) => (facts.refusedWrites & bit(format)) === 0,
  );
}

/**
 * The formats in which to write, best first, without those that the device has refused. One value goes as text or bytes
 * since version 1.1 [LWM2M 7.4.1].
 */
export function writeFormats(facts: FormatFacts, single: Entry | undefined): number[] {
  const plain = single === undefined ? [] : [single.type === 'Opaque' ? OPAQUE : TEXT];
  const order = facts.version === '1.0' ? [...structured(facts), ...plain] : [...plain, ...structured(facts)];
  return order.filter((format) => (facts.refusedWrites & bit(format)) === 0);
}
