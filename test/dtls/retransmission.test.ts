import test from 'ava';
import { lossyLink } from '#src/net/lossy.js';
import { MemoryPeer } from '../support/memory-port.js';
import { TestClient } from './client.js';
import { Harness, psk, pskCcm8 } from './harness.js';

/** A random generator that can be started again, so that a failure can be run again. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test('an unanswered flight is sent again after 1, 2, 4 ... seconds, with new record numbers, and then given up', async (t) => {
  const harness = await Harness.start();
  const client = harness.client();
  client.heldFlight = [];
  const times: number[] = [];
  const sequences: number[] = [];
  client.start();
  client.stop();
  const began = harness.clock.now();
  const peer = harness.peer(client, '192.0.2.1:5000');
  t.is(peer.received.length, 0);
  client.receive = (datagram) => {
    times.push((harness.clock.now() - began) / 1000);
    sequences.push(datagram.readUIntBE(5, 6));
  };
  harness.clock.advance(59_000);
  t.deepEqual(times, [1, 3, 7, 15, 31]);
  t.deepEqual(sequences, [3, 5, 7, 9, 11]);
  harness.clock.advance(2000);
  t.true(harness.log.lines.some((line) => line.includes('no client key exchange came in time')));
  t.deepEqual(harness.clock.waiting, ['dtls sweep']);
});

test('a repeated hello makes the flight come again, but not at once and not as a new handshake', async (t) => {
  const harness = await Harness.start();
  const peer = new MemoryPeer('192.0.2.1:5000');
  const sent: Buffer[] = [];
  const client = new TestClient({ suites: [pskCcm8], psk }, (datagram) => {
    sent.push(datagram);
    harness.port.deliver(Buffer.from(datagram), peer);
  });
  client.start();
  client.receive(peer.received.splice(0)[0] ?? Buffer.alloc(0));
  const hello = sent[1] ?? Buffer.alloc(0);
  const [flight] = peer.received.splice(0);
  harness.port.deliver(Buffer.from(hello), peer);
  t.is(peer.received.length, 0);
  harness.clock.advance(600);
  harness.port.deliver(Buffer.from(hello), peer);
  const [again] = peer.received.splice(0);
  // The same messages, in records with new numbers.
  t.deepEqual(again?.subarray(13, 80), flight?.subarray(13, 80));
  t.notDeepEqual(again, flight);
  t.is(harness.count('handshakes_failed'), 0);
});

test('a Finished that comes again is answered with ours, at most twice a second', async (t) => {
  const harness = await Harness.start();
  const client = harness.connected();
  let answers = 0;
  client.receive = () => {
    answers++;
  };
  client.transmit();
  client.stop();
  t.is(answers, 0);
  harness.clock.advance(600);
  client.transmit();
  client.transmit();
  client.stop();
  t.is(answers, 1);
});

test('a client that never asks again is sent the last flight once more, and no third time', async (t) => {
  const harness = await Harness.start();
  const client = harness.connected();
  let datagrams = 0;
  client.receive = () => {
    datagrams++;
  };
  harness.clock.advance(300_000);
  t.is(datagrams, 1);
  const quiet = harness.connected({}, 'b:1');
  quiet.write('x');
  quiet.receive = () => {
    datagrams++;
  };
  harness.clock.advance(300_000);
  t.is(datagrams, 1);
});

for (const [name, options, mtu] of [
  ['pre-shared key', {}, 1200],
  ['connection ids', { cid: Buffer.from('ab', 'hex') }, 1200],
  ['small datagrams', { suites: [0xd003], mtu: 250 }, 90],
] as const) {
  test(`${name}: handshakes and traffic over a link that loses 30 %, doubles and reorders`, async (t) => {
    const tries = 200;
    let established = 0;
    let echoed = 0;
    for (let seed = 1; seed <= tries; seed++) {
      const harness = await Harness.start({ mtu });
      const random = seeded(seed);
      const pass = lossyLink({ drop: 0.3, duplicate: 0.15, reorder: 0.3, reorderMs: 1500 }, harness.clock, random);
      const peer = new MemoryPeer('192.0.2.1:5000');
      const client = new TestClient(
        { suites: [pskCcm8], psk, ...options },
        (datagram) => pass(() => harness.port.deliver(Buffer.from(datagram), peer)),
        harness.clock,
      );
      peer.onDatagram = (datagram) => {
        const copy = Buffer.from(datagram);
        pass(() => client.receive(copy));
      };
      client.start();
      harness.clock.advance(55_000);
      if (!client.established) continue;
      established++;
      for (let i = 0; i < 20; i++) client.write(`message ${i}`);
      harness.clock.advance(10_000);
      t.true(harness.server.sessions >= 1);
      const seen = harness.delivered.map(({ data }) => data.toString());
      t.is(new Set(seen).size, seen.length, 'nothing is delivered twice');
      echoed += client.received.length;
      t.is(new Set(client.received.map(String)).size, client.received.length);
    }
    t.true(established >= tries * 0.95, `${established} of ${tries}`);
    t.true(echoed > established * 20 * 0.4, `${echoed}`);
  });
}
