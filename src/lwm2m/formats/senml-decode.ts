import { DecodeError } from '../../core/errors.js';
import { type Path, parsePath } from '../path.js';
import type { Value } from '../values.js';
import { parseBase64 } from './base64.js';
import type { EntryList } from './entry-list.js';
import { resolveName, resolveTime } from './names.js';
import { parseObjectLink } from './object-link.js';
import type { PackReader, Scalar } from './pack-reader.js';
import { booleanFrom, numberFrom, textFrom } from './scalar.js';

/** One record as it stands in the pack: only what LwM2M uses [RFC 8428 4]. */
interface SenmlRecord {
  baseName?: string;
  baseTime?: number;
  baseValue?: number | bigint;
  name?: string;
  time?: number;
  value?: Value;
}

/** Decodes a SenML pack, JSON or CBOR alike: base name and base time hold until the next one. */
export function decodeSenml(reader: PackReader, list: EntryList): void {
  let baseName = '';
  let baseTime: number | undefined;
  let baseValue: number | bigint | undefined;
  reader.array(() => {
    const record = readRecord(reader);
    baseName = record.baseName ?? baseName;
    baseTime = record.baseTime ?? baseTime;
    baseValue = record.baseValue ?? baseValue;
    const { name = '', value } = record;
    if (value === undefined) {
      // A record may do no more than set the base.
      if (record.name === undefined) return;
      throw new DecodeError(`${baseName}${name} has no value`);
    }
    const time = record.time === undefined && baseTime === undefined ? undefined : (record.time ?? 0) + (baseTime ?? 0);
    list.add(
      resolveName(baseName, name, list.request),
      baseValue === undefined ? value : addBase(value, baseValue),
      time === undefined ? undefined : resolveTime(time, list.nowSeconds),
    );
  });
  reader.finish();
}

/** Decodes a pack that lists paths without values, as Read-Composite and Observe-Composite send it. */
export function decodeSenmlPaths(reader: PackReader, maxPaths: number): Path[] {
  const paths: Path[] = [];
  let baseName = '';
  reader.array(() => {
    const record = readRecord(reader);
    baseName = record.baseName ?? baseName;
    const name = baseName + (record.name ?? '');
    const path = parsePath(name);
    if (path === undefined || name === '') throw new DecodeError('a name is no path');
    if (record.value !== undefined) throw new DecodeError(`${name} has a value in a list of paths`);
    if (paths.push(path) > maxPaths) throw new DecodeError(`more than ${maxPaths} paths`);
  });
  reader.finish();
  return paths;
}

function readRecord(reader: PackReader): SenmlRecord {
  const record: SenmlRecord = {};
  reader.map((label) => {
    switch (label) {
      case 'bn':
      case -2:
        record.baseName = textFrom(reader.scalar());
        break;
      case 'bt':
      case -3:
        record.baseTime = Number(numberFrom(reader.scalar()));
        break;
      case 'bv':
      case -5:
        record.baseValue = numberFrom(reader.scalar());
        break;
      case 'n':
      case 0:
        record.name = textFrom(reader.scalar());
        break;
      case 't':
      case 6:
        record.time = Number(numberFrom(reader.scalar()));
        break;
      case 'v':
      case 2:
        setValue(record, numberFrom(reader.scalar()));
        break;
      case 'vs':
      case 3:
        setValue(record, textFrom(reader.scalar()));
        break;
      case 'vb':
      case 4:
        setValue(record, booleanFrom(reader.scalar()));
        break;
      case 'vd':
      case 8:
        setValue(record, data(reader.scalar()));
        break;
      case 'vlo':
        setValue(record, link(reader.scalar()));
        break;
      default:
        // Labels that end so must be understood [RFC 8428 4.4]; any other unknown one may be read over.
        if (typeof label === 'string' && label.endsWith('_')) throw new DecodeError(`label ${label} is not known`);
        reader.skip();
    }
  });
  return record;
}

function setValue(record: SenmlRecord, value: Value): void {
  if (record.value !== undefined) throw new DecodeError('a record has more than one value');
  record.value = value;
}

function addBase(value: Value, base: number | bigint): Value {
  if (typeof value === 'number' && typeof base === 'number') return value + base;
  if (typeof value === 'bigint' && typeof base === 'bigint') return value + base;
  if (typeof value !== 'number' && typeof value !== 'bigint') return value;
  return Number.isInteger(Number(value)) && Number.isInteger(Number(base))
    ? BigInt(value) + BigInt(base)
    : Number(value) + Number(base);
}

/** Base64 in JSON, a byte string in CBOR. */
function data(value: Scalar): Buffer {
  const bytes = typeof value === 'string' ? parseBase64(value) : value;
  if (!Buffer.isBuffer(bytes)) throw new DecodeError('no data where there should be');
  return bytes;
}

function link(value: Scalar): Value {
  const parsed = typeof value === 'string' ? parseObjectLink(value) : undefined;
  if (parsed === undefined) throw new DecodeError('no object link where there should be');
  return parsed;
}
