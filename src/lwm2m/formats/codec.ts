import { attempt, type DecodeError } from '../../core/errors.js';
import { formatPath, isBelow, type Path } from '../path.js';
import type { Entry, ObjectLookup } from '../values.js';
import { decodeCbor, encodeCbor } from './cbor.js';
import { CborReader } from './cbor-reader.js';
import { ContentFormat, canonicalFormat, formatName } from './content-format.js';
import { decodeCorelnk, encodeCorelnk } from './corelnk.js';
import { type DecodeOptions, EntryList } from './entry-list.js';
import { EncodeError, UnknownFormat } from './errors.js';
import type { Typed } from './fit.js';
import { decodeJson, encodeJson } from './json.js';
import { JsonReader } from './json-reader.js';
import { decodeLwm2mCbor, encodeLwm2mCbor } from './lwm2m-cbor.js';
import { decodeOpaque, encodeOpaque } from './opaque.js';
import { encodeSenmlCbor, encodeSenmlCborPaths } from './senml-cbor.js';
import { decodeSenml, decodeSenmlPaths } from './senml-decode.js';
import { encodeSenmlJson, encodeSenmlJsonPaths } from './senml-json.js';
import { decodeText, encodeText } from './text.js';
import { decodeTlv } from './tlv-decode.js';
import { encodeTlv } from './tlv-encode.js';
import { type Removal, toWireEntry, type WireEntry } from './wire-entry.js';

/** How a payload is written. */
export interface EncodeOptions {
  /**
   * Create without an instance id: the device assigns one. The base is the object; the instance id in the entries'
   * paths, the same in all, is not written. Only TLV can say this.
   */
  readonly assignInstance?: boolean;
  /** Resource instances that are to go; null stands in the place of their values [RFC 8790 3.2]. */
  readonly removed?: readonly Path[];
}

/**
 * Decodes what a device sent about `request` (the root for composite operations and Send). Opaque values are views of
 * the payload. Never throws: a DecodeError comes back as a value, an UnknownFormat when there is no decoder.
 */
export function decode(
  contentFormat: number,
  payload: Buffer,
  request: Path,
  objects: ObjectLookup,
  options: DecodeOptions,
): Entry[] | DecodeError {
  return attempt(() => {
    const list = new EntryList(request, objects, options);
    decodeInto(contentFormat, payload, list);
    return list.entries;
  });
}

/** Encodes entries for a request on `base`, all of them at or below it. Never throws: an EncodeError comes back. */
export function encode(
  contentFormat: number,
  base: Path,
  entries: readonly Entry[],
  options: EncodeOptions = {},
): Buffer | EncodeError {
  return attemptEncode(() => {
    const { assignInstance = false, removed = [] } = options;
    const wire = entries.map((entry) => toWireEntry(entry, base));
    if (assignInstance) checkAssignable(contentFormat, base, wire);
    if (removed.length > 0) return encodeRemoving(contentFormat, base, wire, removed);
    return encodeEntries(contentFormat, base, wire, assignInstance);
  });
}

/** Encodes the list of paths that Read-Composite and Observe-Composite ask for; SenML formats only. */
export function encodePaths(contentFormat: number, paths: readonly Path[]): Buffer | EncodeError {
  switch (contentFormat) {
    case ContentFormat.SENML_JSON:
    case ContentFormat.SENML_ETCH_JSON:
      return encodeSenmlJsonPaths(paths);
    case ContentFormat.SENML_CBOR:
    case ContentFormat.SENML_ETCH_CBOR:
      return encodeSenmlCborPaths(paths);
    default:
      return unknown(contentFormat, 'a list of paths');
  }
}

/** Decodes a list of paths, as a device that is asked for them does. */
export function decodePaths(contentFormat: number, payload: Buffer, maxPaths = 10_000): Path[] | DecodeError {
  return attempt(() => {
    switch (contentFormat) {
      case ContentFormat.SENML_JSON:
      case ContentFormat.SENML_ETCH_JSON:
        return decodeSenmlPaths(new JsonReader(payload), maxPaths);
      case ContentFormat.SENML_CBOR:
      case ContentFormat.SENML_ETCH_CBOR:
        return decodeSenmlPaths(new CborReader(payload), maxPaths);
      default:
        throw new UnknownFormat(contentFormat);
    }
  });
}

function decodeInto(contentFormat: number, payload: Buffer, list: EntryList): void {
  switch (canonicalFormat(contentFormat)) {
    case ContentFormat.TEXT:
      return decodeText(payload, list);
    case ContentFormat.LINK:
      return decodeCorelnk(payload, list);
    case ContentFormat.OPAQUE:
      return decodeOpaque(payload, list);
    case ContentFormat.CBOR:
      return decodeCbor(payload, list);
    case ContentFormat.SENML_JSON:
    case ContentFormat.SENML_ETCH_JSON:
      return decodeSenml(new JsonReader(payload), list);
    case ContentFormat.SENML_CBOR:
    case ContentFormat.SENML_ETCH_CBOR:
      return decodeSenml(new CborReader(payload), list);
    case ContentFormat.TLV:
      return decodeTlv(payload, list);
    case ContentFormat.JSON:
      return decodeJson(payload, list);
    case ContentFormat.LWM2M_CBOR:
      return decodeLwm2mCbor(payload, list);
    default:
      throw new UnknownFormat(contentFormat);
  }
}

function encodeEntries(contentFormat: number, base: Path, entries: readonly WireEntry[], assign: boolean): Buffer {
  switch (canonicalFormat(contentFormat)) {
    case ContentFormat.TEXT:
      return encodeText(single(base, entries));
    case ContentFormat.LINK:
      return encodeCorelnk(single(base, entries));
    case ContentFormat.OPAQUE:
      return encodeOpaque(single(base, entries));
    case ContentFormat.CBOR:
      return encodeCbor(single(base, entries));
    case ContentFormat.SENML_JSON:
    case ContentFormat.SENML_ETCH_JSON:
      return encodeSenmlJson(base, entries);
    case ContentFormat.SENML_CBOR:
    case ContentFormat.SENML_ETCH_CBOR:
      return encodeSenmlCbor(base, entries);
    case ContentFormat.TLV:
      return encodeTlv(base, entries, assign);
    case ContentFormat.JSON:
      return encodeJson(base, entries);
    case ContentFormat.LWM2M_CBOR:
      return encodeLwm2mCbor(entries);
    default:
      throw unknown(contentFormat, 'values');
  }
}

function encodeRemoving(
  contentFormat: number,
  base: Path,
  wire: readonly WireEntry[],
  removed: readonly Path[],
): Buffer {
  for (const path of removed) {
    if (path.length !== 4 || !isBelow(path, base)) throw new EncodeError(`${formatPath(path)} cannot be removed`);
  }
  const all = [...wire, ...removed.map((path): Removal => ({ path, removed: true }))];
  switch (contentFormat) {
    case ContentFormat.SENML_ETCH_JSON:
      return encodeSenmlJson(base, all);
    case ContentFormat.SENML_ETCH_CBOR:
      return encodeSenmlCbor(base, all);
    case ContentFormat.LWM2M_CBOR:
      return encodeLwm2mCbor(all);
    default:
      throw new EncodeError(`${formatName(contentFormat)} cannot say that something is to be removed`);
  }
}

/** The one value of a format that holds no more. */
function single(base: Path, entries: readonly WireEntry[]): Typed {
  const [entry] = entries;
  if (entry === undefined || entries.length > 1 || entry.path.length !== base.length) {
    throw new EncodeError(`this format holds one value, that of ${formatPath(base)}`);
  }
  return entry;
}

function checkAssignable(contentFormat: number, base: Path, entries: readonly WireEntry[]): void {
  if (canonicalFormat(contentFormat) !== ContentFormat.TLV) {
    throw new EncodeError(`${formatName(contentFormat)} cannot leave the instance id to the device`);
  }
  if (base.length !== 1) throw new EncodeError(`${formatPath(base)} is no object to create an instance of`);
  if (entries.some((entry) => entry.path[1] !== entries[0]?.path[1])) {
    throw new EncodeError('the entries belong to more than one instance');
  }
}

function unknown(contentFormat: number, what: string): EncodeError {
  return new EncodeError(`${formatName(contentFormat)} is no format for ${what}`, 'UNKNOWN_FORMAT');
}

function attemptEncode(run: () => Buffer): Buffer | EncodeError {
  try {
    return run();
  } catch (error) {
    if (error instanceof EncodeError) return error;
    throw error;
  }
}
