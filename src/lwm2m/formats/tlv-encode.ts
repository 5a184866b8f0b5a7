import { Writer } from '../../core/bytes.js';
import type { Path } from '../path.js';
import { EncodeError } from './errors.js';
import { TlvKind } from './tlv-kind.js';
import { writeTlvValue } from './tlv-value.js';
import type { WireEntry } from './wire-entry.js';

/**
 * Encodes TLV [LwM2M 1.0 6.4.3]: below an object, object instances; below an instance, bare resources; for a resource or
 * resource instance, itself. With `assignInstance` (Create) the resources of an object stand bare too.
 */
export function encodeTlv(base: Path, entries: readonly WireEntry[], assignInstance: boolean): Buffer {
  const writer = new Writer();
  if (base.length === 0) throw new EncodeError('TLV cannot tell objects apart');
  if (base.length === 4) {
    for (const entry of entries) record(writer, TlvKind.RESOURCE_INSTANCE, base[3] as number, writeTlvValue(entry));
  } else if (base.length > 1 || assignInstance) {
    resources(writer, entries);
  } else {
    for (const [id, group] of groupBy(entries, 1)) record(writer, TlvKind.OBJECT_INSTANCE, id, instance(group));
  }
  return writer.finish();
}

function instance(entries: readonly WireEntry[]): Buffer {
  const writer = new Writer();
  resources(writer, entries);
  return writer.finish();
}

function resources(writer: Writer, entries: readonly WireEntry[]): void {
  for (const [id, group] of groupBy(entries, 2)) {
    const instances = group.filter((entry) => entry.path.length === 4);
    if (instances.length > 0) record(writer, TlvKind.MULTIPLE_RESOURCE, id, resourceInstances(instances));
    for (const entry of group) {
      if (entry.path.length === 3) record(writer, TlvKind.RESOURCE, id, writeTlvValue(entry));
    }
  }
}

function resourceInstances(entries: readonly WireEntry[]): Buffer {
  const writer = new Writer();
  for (const entry of entries) record(writer, TlvKind.RESOURCE_INSTANCE, entry.path[3] as number, writeTlvValue(entry));
  return writer.finish();
}

function record(writer: Writer, kind: TlvKind, id: number, value: Buffer): void {
  const { length } = value;
  if (length > 0xffffff) throw new EncodeError(`${length} bytes are too many for a TLV`);
  const wide = id > 255;
  const lengthBits = length < 8 ? length : length < 256 ? 0x08 : length < 65536 ? 0x10 : 0x18;
  writer.u8((kind << 6) | (wide ? 0x20 : 0) | lengthBits);
  if (wide) writer.u16(id);
  else writer.u8(id);
  if (length >= 65536) writer.u24(length);
  else if (length >= 256) writer.u16(length);
  else if (length >= 8) writer.u8(length);
  writer.bytes(value);
}

/** Groups entries by the id at one depth of their paths, in order of first appearance. */
function groupBy(entries: readonly WireEntry[], depth: number): Map<number, WireEntry[]> {
  const groups = new Map<number, WireEntry[]>();
  for (const entry of entries) {
    const id = entry.path[depth] as number;
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [entry]);
    else group.push(entry);
  }
  return groups;
}
