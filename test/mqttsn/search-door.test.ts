import test from 'ava';
import { SearchDoor } from '#src/mqttsn/search-door.js';
import { MemoryPeer, MemoryPort } from '../support/memory-port.js';

test('SEARCHGW is answered below DTLS, everything else goes up', async (t) => {
  const lower = new MemoryPort();
  const door = new SearchDoor(lower, 7);
  const device = new MemoryPeer('device');
  const up: string[] = [];
  await door.start((datagram) => void up.push(datagram.toString('hex')));
  lower.deliver('03 01 00', device);
  t.deepEqual(device.take(), ['030207']);
  // CONNECT in the clear, a search of a wrong length, the beginning of a DTLS record.
  for (const other of ['0604040100ff', '0401 0000', '030102ff', '16fefd', '']) lower.deliver(other, device);
  t.deepEqual(up, ['0604040100ff', '04010000', '030102ff', '16fefd', '']);
  t.deepEqual(device.take(), []);
  t.is(door.peerAt('device')?.key, 'device');
  await door.stop();
  lower.deliver('03 01 00', device);
  t.deepEqual(device.take(), []);
});
