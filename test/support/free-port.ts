import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import process from 'node:process';
import { threadId } from 'node:worker_threads';

/** A UDP port of the loopback that nothing uses. */
export const freeUdpPort = (): Promise<number> =>
  freePort((port) => {
    const socket = createSocket('udp4');
    return new Promise((resolve) => {
      socket.once('error', () => resolve(false));
      socket.bind(port, '127.0.0.1', () => socket.close(() => resolve(true)));
    });
  });

/** A TCP port of the loopback that nothing uses. */
export const freeTcpPort = (): Promise<number> =>
  freePort((port) => {
    const server = createServer();
    return new Promise((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
  });

const blockSize = 100;
const blocks = 120;
/** Test files run at the same time, each in a thread of its own: each takes its ports from a block of its own. */
const block = 20_000 + ((process.pid * 7 + threadId) % blocks) * blockSize;
let taken = 0;

/** From below the range that the system hands out by itself, so that the port is still free when it is wanted. */
async function freePort(bind: (port: number) => Promise<boolean>): Promise<number> {
  for (;;) {
    const port = block + (taken++ % blockSize);
    if (await bind(port)) return port;
  }
}
