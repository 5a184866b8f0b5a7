import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import test from 'ava';
import { silentLog } from '#src/core/log.js';
import { Metrics } from '#src/core/metrics.js';
import { UdpPort } from '#src/net/udp.js';

for (const gather of [false, true]) {
  test(`gather ${gather}: what is sent arrives in its order, also what a stop finds unsent`, async (t) => {
    const receiver = createSocket('udp4');
    receiver.bind(0, '127.0.0.1');
    await once(receiver, 'listening');
    const heard: string[] = [];
    const all = new Promise<void>((resolve) => {
      receiver.on('message', (datagram) => {
        heard.push(datagram.toString());
        if (heard.length === 3) resolve();
      });
    });
    const port = new UdpPort({ host: '127.0.0.1', port: 0, gather }, silentLog, new Metrics());
    await port.start(() => {});
    const peer = port.peer('127.0.0.1', receiver.address().port);
    for (const text of ['a', 'b', 'c']) peer.send(Buffer.from(text));
    await port.stop();
    await all;
    t.deepEqual(heard, ['a', 'b', 'c']);
    receiver.close();
  });
}
