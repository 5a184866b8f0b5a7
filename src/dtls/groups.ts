import { createECDH, createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto';

/** Half of a Diffie-Hellman exchange. */
export interface EphemeralKey {
  /** What the peer gets. */
  readonly point: Buffer;
  /** The shared secret with the peer's point; undefined when that is no proper point of the group. */
  agree(peer: Buffer): Buffer | undefined;
}

/** A named group [RFC 8422 5.1.1]. */
export interface Group {
  readonly id: number;
  /** Node's name of the curve, which is also what a certificate's key details say. */
  readonly curve: string;
  readonly generate: () => EphemeralKey;
}

/** The groups there are here, in the server's order: the fastest first. */
export const groups: readonly Group[] = [
  { id: 23, curve: 'prime256v1', generate: () => weierstrass('prime256v1', 65) },
  { id: 29, curve: 'x25519', generate: x25519 },
  { id: 24, curve: 'secp384r1', generate: () => weierstrass('secp384r1', 97) },
];

/** The group of a certificate key's curve. */
export function groupByCurve(curve: string | undefined): Group | undefined {
  return groups.find((group) => group.curve === curve);
}

function weierstrass(curve: string, pointLength: number): EphemeralKey {
  const ecdh = createECDH(curve);
  const point = ecdh.generateKeys();
  return {
    point,
    agree(peer) {
      // Node would also take compressed and hybrid points, which have no place here [RFC 8422 5.1.2].
      if (peer.length !== pointLength || peer[0] !== 4) return undefined;
      return whenValid(() => ecdh.computeSecret(peer));
    },
  };
}

const x25519Prefix = Buffer.from('302a300506032b656e032100', 'hex');

function x25519(): EphemeralKey {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  const point = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
  return {
    point,
    agree(peer) {
      if (peer.length !== 32) return undefined;
      return whenValid(() => {
        const theirs = createPublicKey({ key: Buffer.concat([x25519Prefix, peer]), type: 'spki', format: 'der' });
        return diffieHellman({ privateKey, publicKey: theirs });
      });
    },
  };
}

/** Off-curve and low-order points make the primitives throw. */
function whenValid(compute: () => Buffer): Buffer | undefined {
  try {
    return compute();
  } catch {
    return undefined;
  }
}
