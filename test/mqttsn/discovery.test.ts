import test from 'ava';
import { Discovery } from '#src/mqttsn/discovery.js';
import { FakeClock } from '../support/fake-clock.js';
import { MemoryPeer } from '../support/memory-port.js';

function announcing(advertiseSeconds: number, random = 0) {
  const clock = new FakeClock();
  const peer = new MemoryPeer('group');
  const discovery = new Discovery(clock, { gatewayId: 9, advertiseSeconds, random: () => random });
  discovery.start([peer]);
  return { clock, peer, discovery };
}

test('ADVERTISE comes soon and then each period, in seconds', (t) => {
  const { clock, peer, discovery } = announcing(900);
  clock.advance(0);
  t.deepEqual(peer.take(), ['0500090384']);
  clock.advance(899_999);
  t.deepEqual(peer.take(), []);
  clock.advance(1);
  t.is(peer.take().length, 1);
  discovery.stop();
  clock.advance(1e7);
  t.deepEqual(peer.take(), []);
});

test('it comes a little earlier than announced, never later', (t) => {
  const { clock, peer } = announcing(1000, 0.5);
  clock.advance(500);
  t.is(peer.take().length, 1);
  clock.advance(949_999);
  t.is(peer.take().length, 0);
  clock.advance(1);
  t.is(peer.take().length, 1);
});

test('a period that does not fit into 16 bits is announced, and kept, as 65,535 seconds', (t) => {
  const { clock, peer } = announcing(100_000);
  clock.advance(0);
  t.deepEqual(peer.take(), ['050009ffff']);
  clock.advance(65_535_000);
  t.is(peer.take().length, 1);
});

test('without an audience nothing is announced', (t) => {
  const clock = new FakeClock();
  new Discovery(clock, { gatewayId: 9, advertiseSeconds: 900, random: () => 0 }).start([]);
  t.deepEqual(clock.waiting, []);
});
