import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** A password as it is kept: scrypt's cost, the salt, and what came out. */
export interface PasswordHash {
  /** Logarithm of scrypt's cost, 10 to 20: 14 takes some 50 ms and 16 MiB. */
  readonly logCost: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

const blockSize = 8;
const saltBytes = 16;
const hashBytes = 32;
const defaultLogCost = 14;

/** Hashes a new password, in another thread. */
export async function hashPassword(password: Buffer, logCost = defaultLogCost): Promise<PasswordHash> {
  const salt = randomBytes(saltBytes);
  return { logCost, salt, hash: await derive(password, salt, logCost) };
}

/** Whether this is the password, in another thread. */
export async function verifyPassword(password: Buffer, { logCost, salt, hash }: PasswordHash): Promise<boolean> {
  return timingSafeEqual(await derive(password, salt, logCost), hash);
}

/** `$scrypt$ln=14,r=8,p=1$salt$hash`, salt and hash in base64 without padding. */
export function formatHash({ logCost, salt, hash }: PasswordHash): string {
  const base64 = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');
  return `$scrypt$ln=${logCost},r=${blockSize},p=1$${base64(salt)}$${base64(hash)}`;
}

/** What `formatHash` made, or undefined. */
export function parseHash(text: string): PasswordHash | undefined {
  const match = /^\$scrypt\$ln=(\d{2}),r=8,p=1\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(text);
  if (match === null) return undefined;
  const [, cost = '', salt = '', hash = ''] = match;
  const parsed = { logCost: Number(cost), salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64') };
  const valid = parsed.logCost >= 10 && parsed.logCost <= 20 && parsed.hash.length === hashBytes;
  return valid ? parsed : undefined;
}

function derive(password: Buffer, salt: Buffer, logCost: number): Promise<Buffer> {
  const N = 2 ** logCost;
  return new Promise((resolve, reject) => {
    // Node's own limit of memory is just below what a cost of 14 takes.
    scrypt(password, salt, hashBytes, { N, r: blockSize, p: 1, maxmem: 256 * N * blockSize }, (error, hash) =>
      error === null ? resolve(hash) : reject(error),
    );
  });
}
