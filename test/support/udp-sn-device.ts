import { createSocket } from 'node:dgram';
import type { ExecutionContext } from 'ava';
import { systemClock } from '#src/core/clock.js';
import { SnDevice, type SnDeviceOptions } from './sn-device.js';

/** An MQTT-SN device that talks to a gateway on this port of the loopback; its socket closes with the test. */
export async function udpSnDevice(
  t: ExecutionContext,
  gatewayPort: number,
  options: SnDeviceOptions = {},
): Promise<SnDevice> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const transmit = (datagram: Buffer): void => socket.send(datagram, gatewayPort, '127.0.0.1');
  const device = new SnDevice(transmit, systemClock, `127.0.0.1:${socket.address().port}`, {
    inOrder: true,
    retryMs: 300,
    ...options,
  });
  socket.on('message', (datagram, from) => {
    // Other programs of the machine may mean whoever had this port before.
    if (from.port === gatewayPort) device.send(datagram);
  });
  t.teardown(() => {
    device.retire();
    socket.close();
  });
  return device;
}
