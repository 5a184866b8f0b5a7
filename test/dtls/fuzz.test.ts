import test from 'ava';
import { MemoryPeer } from '../support/memory-port.js';
import { TestClient } from './client.js';
import { Harness, psk, pskCcm8 } from './harness.js';

/** How many mutated datagrams: enough for every run; more when asked for. */
const rounds = Number(process.env['DTLS_FUZZ'] ?? 30_000);

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function mutate(datagram: Buffer, random: () => number): Buffer {
  const pick = (below: number): number => Math.floor(random() * below);
  let changed = Buffer.from(datagram);
  for (let times = 1 + pick(3); times > 0; times--) {
    const at = pick(changed.length);
    switch (pick(6)) {
      case 0:
        changed[at] = pick(256);
        break;
      case 1:
        changed[at] = (changed[at] ?? 0) ^ (1 << pick(8));
        break;
      case 2:
        changed = changed.subarray(0, at);
        break;
      case 3:
        changed = Buffer.concat([changed.subarray(0, at), Buffer.alloc(pick(20), pick(256)), changed.subarray(at)]);
        break;
      case 4:
        changed = Buffer.concat([changed.subarray(0, at), changed.subarray(at + pick(20))]);
        break;
      default:
        changed = Buffer.concat([changed, changed.subarray(at)]);
    }
    if (changed.length === 0) break;
  }
  return changed;
}

test('mutated datagrams of a handshake and of traffic: no throw, no session, no larger answer', async (t) => {
  const random = seeded(20_270_101);
  const harness = await Harness.start({ limits: { handshakeRate: 1e9, handshakeRatePerSource: 1e9 } });
  const device = harness.connected({ cid: Buffer.from('ab', 'hex') }, 'device:1');
  let sent: Buffer[] = [];
  let address = 0;
  const seed = (): void => {
    const peer = new MemoryPeer(`seed:${address++}`);
    const client = new TestClient({ suites: [pskCcm8, 0xd003], psk, cid: Buffer.from('cd', 'hex') }, (datagram) => {
      sent.push(Buffer.from(datagram));
      harness.port.deliver(datagram, peer);
    });
    peer.onDatagram = (datagram) => client.receive(Buffer.from(datagram));
    sent = [];
    client.start();
    client.write('hello');
    client.raw(client.sealed(21, Buffer.from([1, 0])));
  };
  const established = (): number => harness.count('established');
  let corpus: Buffer[] = [];
  for (let round = 0; round < rounds; round++) {
    if (round % 500 === 0) {
      seed();
      corpus = sent;
      harness.clock.advance(61_000);
    }
    const original = corpus[Math.floor(random() * corpus.length)] ?? Buffer.alloc(1);
    const datagram = mutate(original, random);
    const stranger = new MemoryPeer(`seed:${random() < 0.5 ? address - 1 : 1e6 + (round % 50)}`);
    const before = established();
    harness.port.deliver(datagram, stranger);
    t.is(established(), before);
    const answer = stranger.received.reduce((sum, part) => sum + part.length, 0);
    // A good cookie may be met by chance of the mutation; everything else is answered with less than it brought.
    if (answer > datagram.length) t.true(stranger.key === `seed:${address - 1}`, datagram.toString('hex'));
  }
  device.write('still here');
  t.is(device.received.at(-1)?.toString(), 'still here');
});
