import type { CoapRequest, ResponseCode } from '../coap/types.js';
import { DecodeError } from '../core/errors.js';
import type { Device } from './device.js';
import { decode } from './formats/codec.js';
import type { Entry } from './values.js';

/** Devices that share an address among which the sender is looked for. */
const mostSenders = 16;

/** What a Send says, and of which device. */
export type SendReading =
  | { readonly kind: 'read'; readonly device: Device; readonly entries: readonly Entry[] }
  | { readonly kind: 'refused'; readonly code: ResponseCode };

/**
 * Reads a Send [LWM2M 6.4.6]. It does not name its registration: of several that it may be of, the likeliest first, it
 * is the first that has every object told of, or else the likeliest.
 */
export function readSend(
  { contentFormat, payload }: CoapRequest,
  senders: readonly Device[],
  nowSeconds: number,
): SendReading {
  if (senders.length === 0) return { kind: 'refused', code: '4.04' };
  if (contentFormat === undefined) return { kind: 'refused', code: '4.15' };
  let likeliest: SendReading = { kind: 'refused', code: '4.00' };
  for (const device of senders.slice(0, mostSenders)) {
    const entries = decode(contentFormat, payload, [], device.objects, { nowSeconds });
    if (entries instanceof DecodeError) continue;
    const reading: SendReading = { kind: 'read', device, entries };
    if (entries.every(({ path }) => hasObject(device, path[0] as number))) return reading;
    if (likeliest.kind === 'refused') likeliest = reading;
  }
  return likeliest;
}

function hasObject({ registration }: Device, id: number): boolean {
  const object = `/${id}`;
  return registration.objects.paths.some((path) => path === object || path.startsWith(`${object}/`));
}
