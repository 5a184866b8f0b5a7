import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import type { RandomBytes } from '../core/random.js';

const saltLength = 16;
const nonceLength = 12;
const tagLength = 16;

/**
 * Encrypts small values for the store: salt, nonce, AES-256-GCM ciphertext, tag. Each value has a key of its own, made
 * from the salt, so that any number of them can be written under one key file. The name is authenticated with it.
 */
export function sealBox(key: Buffer, name: string, plain: Uint8Array, random: RandomBytes): Buffer {
  const start = saltLength + nonceLength;
  // Of its own storage: it waits to be written, and from Node's pool it would keep much else from being freed.
  const box = Buffer.allocUnsafeSlow(start + plain.length + tagLength);
  box.set(random(start));
  const cipherKey = keyOf(key, box.subarray(0, saltLength));
  const cipher = createCipheriv('aes-256-gcm', cipherKey, box.subarray(saltLength, start), {
    authTagLength: tagLength,
  });
  cipher.setAAD(Buffer.from(name));
  box.set(cipher.update(plain), start);
  cipher.final();
  box.set(cipher.getAuthTag(), start + plain.length);
  return box;
}

/** The inverse of `sealBox`; undefined when key, name or content are not what they were. */
export function openBox(key: Buffer, name: string, box: Uint8Array): Buffer | undefined {
  const bytes = Buffer.from(box);
  const start = saltLength + nonceLength;
  if (bytes.length < start + tagLength) return undefined;
  const nonce = bytes.subarray(saltLength, start);
  const decipher = createDecipheriv('aes-256-gcm', keyOf(key, bytes.subarray(0, saltLength)), nonce, {
    authTagLength: tagLength,
  });
  decipher.setAAD(Buffer.from(name));
  decipher.setAuthTag(bytes.subarray(-tagLength));
  const plain = decipher.update(bytes.subarray(start, -tagLength));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return plain;
}

function keyOf(key: Buffer, salt: Buffer): Buffer {
  return createHmac('sha256', key).update('session').update(salt).digest();
}
