import { Reader } from '../../core/bytes.js';
import { DecodeError } from '../../core/errors.js';
import { formatPath, type Path } from '../path.js';
import { type EntryList, misfit } from './entry-list.js';
import { TlvKind } from './tlv-kind.js';
import { readTlvValue } from './tlv-value.js';

/**
 * Decodes TLV [LwM2M 1.0 6.4.3]. Devices differ in how much they wrap: the object instance around resources and the
 * multiple resource around its instances may each be there or not, as long as the ids agree with the request.
 */
export function decodeTlv(payload: Buffer, list: EntryList): void {
  const reader = new Reader(payload);
  while (reader.remaining > 0) top(readRecord(reader), list);
}

interface TlvRecord {
  readonly kind: TlvKind;
  readonly id: number;
  readonly value: Reader;
}

/** Type byte: kind (2 bits), 16-bit id (1), bytes of length (2), length itself when those are 0 (3). */
function readRecord(reader: Reader): TlvRecord {
  const type = reader.u8();
  const id = (type & 0x20) === 0 ? reader.u8() : reader.u16();
  if (id === 65535) throw new DecodeError('65535 is no id', reader.offset);
  const length = readLength(reader, type);
  const start = reader.offset;
  reader.bytes(length);
  return { kind: (type >> 6) as TlvKind, id, value: new Reader(reader.buffer, start, start + length) };
}

function readLength(reader: Reader, type: number): number {
  switch ((type >> 3) & 3) {
    case 0:
      return type & 7;
    case 1:
      return reader.u8();
    case 2:
      return reader.u16();
    default:
      return reader.u24();
  }
}

function top(record: TlvRecord, list: EntryList): void {
  const { request } = list;
  const [objectId, , resourceId] = request;
  if (objectId === undefined) throw new DecodeError('TLV cannot tell objects apart', record.value.offset);
  if (record.kind === TlvKind.OBJECT_INSTANCE) {
    objectInstance(record, [objectId, record.id], list);
  } else if (record.kind === TlvKind.RESOURCE_INSTANCE) {
    if (resourceId === undefined) throw misplaced(record);
    resourceInstance(record, request.slice(0, 3), list);
  } else {
    resource(record, [objectId, instanceOf(request, record, list)], list);
  }
}

/** The instance that bare resources belong to: the one asked for, or 0 unless the object has several. */
function instanceOf(request: Path, record: TlvRecord, list: EntryList): number {
  if (request[1] !== undefined) return request[1];
  if (list.isMultiple(request[0] as number) === true) {
    throw new DecodeError(`resource ${record.id} of ${formatPath(request)} comes without its instance`);
  }
  return 0;
}

function objectInstance(record: TlvRecord, path: Path, list: EntryList): void {
  agree(path, list);
  while (record.value.remaining > 0) {
    const inner = readRecord(record.value);
    if (inner.kind === TlvKind.OBJECT_INSTANCE || inner.kind === TlvKind.RESOURCE_INSTANCE) throw misplaced(inner);
    resource(inner, path, list);
  }
}

function resource(record: TlvRecord, instance: Path, list: EntryList): void {
  const path = [...instance, record.id];
  agree(path, list);
  if (record.kind === TlvKind.RESOURCE) {
    // A device that was asked for one instance may answer with the resource's header.
    value(record, list.request.length === 4 ? list.request : path, list);
    return;
  }
  while (record.value.remaining > 0) {
    const inner = readRecord(record.value);
    if (inner.kind !== TlvKind.RESOURCE_INSTANCE) throw misplaced(inner);
    resourceInstance(inner, path, list);
  }
}

function resourceInstance(record: TlvRecord, resource: Path, list: EntryList): void {
  const path = [...resource, record.id];
  agree(path, list);
  value(record, path, list);
}

function value(record: TlvRecord, path: Path, list: EntryList): void {
  const type = list.typeAt(path);
  const bytes = record.value.rest();
  if (type === undefined) {
    list.guess(path, 'Opaque', bytes);
    return;
  }
  const read = readTlvValue(type, bytes);
  if (read === undefined) throw misfit(path, type);
  list.put(path, type, read);
}

/** Refuses an id that is not the one asked for, at whatever depth the two meet. */
function agree(path: Path, list: EntryList): void {
  const { request } = list;
  for (let i = 0; i < path.length && i < request.length; i += 1) {
    if (path[i] !== request[i]) {
      throw new DecodeError(`${formatPath(path)} was not asked for, ${formatPath(request)} was`);
    }
  }
}

function misplaced(record: TlvRecord): DecodeError {
  return new DecodeError(`a TLV of kind ${record.kind} cannot stand here`, record.value.offset);
}
