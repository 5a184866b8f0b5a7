import test from 'ava';
import { HandshakeLimiter, sourceOf } from '#src/dtls/handshake-limiter.js';
import { defaultLimits } from '#src/dtls/options.js';
import { MemoryPeer } from '../support/memory-port.js';
import { TestClient } from './client.js';
import { Harness, psk, pskCcm8 } from './harness.js';

test('a flood of hellos from forged addresses makes no state and is answered with less than it sends', async (t) => {
  const harness = await Harness.start();
  const device = harness.connected();
  let sent = 0;
  let answered = 0;
  for (let i = 0; i < 20_000; i++) {
    const peer = new MemoryPeer(`198.51.${i >> 8}.${i & 255}:1`);
    const flooder = new TestClient({ suites: [pskCcm8], psk }, (datagram) => {
      sent += datagram.length;
      harness.port.deliver(datagram, peer);
    });
    flooder.start();
    answered += peer.received.reduce((sum, datagram) => sum + datagram.length, 0);
  }
  t.true(answered < sent, `${answered} for ${sent}`);
  t.is(harness.count('verify_requests'), 20_001);
  t.is(harness.count('handshakes_limited'), 0);
  device.write('still served');
  t.is(device.received.length, 1);
});

test('a thousand half-open handshakes leave live sessions served and end by themselves', async (t) => {
  const harness = await Harness.start();
  const device = harness.connected();
  for (let i = 0; i < 1000; i++) {
    const half = harness.client({}, `203.0.113.${i % 250}:${i}`);
    half.heldFlight = [];
    half.start();
    half.stop();
  }
  device.write('still served');
  t.is(device.received.length, 1);
  t.true(harness.connected({}, '192.0.2.200:1').established);
  harness.clock.advance(61_000);
  t.is(harness.count('handshakes_failed'), 1000);
  t.deepEqual(harness.clock.waiting.toSorted(), ['dtls last flights', 'dtls sweep']);
});

test('handshakes in progress and their rate are limited, from one source and in all', async (t) => {
  const harness = await Harness.start({ limits: { handshakesPerSource: 3, handshakes: 5 } });
  const open = (address: string): void => {
    const half = harness.client({}, address);
    half.heldFlight = [];
    half.start();
    half.stop();
  };
  for (let i = 0; i < 10; i++) open(`192.0.2.1:${i}`);
  t.is(harness.count('handshakes_limited'), 7);
  for (let i = 0; i < 10; i++) open(`192.0.2.2:${i}`);
  t.is(harness.count('handshakes_limited'), 15);
  harness.clock.advance(61_000);
  t.true(harness.connected({}, '192.0.2.1:99').established);
});

test('the limiter forgets failures and refills with time', (t) => {
  const limits = { ...defaultLimits, handshakeRate: 100, handshakeRatePerSource: 10 };
  const limiter = new HandshakeLimiter(limits, 0);
  const burst = (source: string, now: number): number => {
    let admitted = 0;
    while (limiter.admit(source, now)) {
      limiter.release(source);
      admitted++;
    }
    return admitted;
  };
  t.is(burst('a', 0), 20);
  t.is(burst('b', 0), 20);
  t.is(burst('a', 500), 5);
  for (let i = 0; i < 5000; i++) burst(`many ${i}`, 500);
  t.is(limiter.running, 0);
  t.is(burst('a', 100_000), 20);
});

test('what counts as one source', (t) => {
  t.is(sourceOf('192.0.2.1:5684'), '192.0.2.1');
  t.is(sourceOf('[2001:db8:1:2:3:4:5:6]:1'), '2001:db8:1:2');
  t.is(sourceOf('[2001:db8::1]:1'), '2001:db8:0:0');
  t.is(sourceOf('[::1]:1'), '0:0:0:0');
  t.is(sourceOf('[fe80::]:1'), 'fe80:0:0:0');
});
