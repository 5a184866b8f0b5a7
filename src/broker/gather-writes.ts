import type { Socket } from 'node:net';

/**
 * Sends what is written to a socket in one turn of the event loop with one system call. A subscriber to many devices gets
 * many small packets in a turn, and a call for each of them cost more than all the rest of delivering them.
 */
export function gatherWrites(socket: Socket): void {
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  // Its own, whatever is put in their places: nobody else's packets are meant by it.
  const [cork, uncork] = [socket.cork.bind(socket), socket.uncork.bind(socket)];
  let gathering = false;
  socket.write = (...args: unknown[]) => {
    if (!gathering) {
      gathering = true;
      cork();
      setImmediate(() => {
        gathering = false;
        uncork();
      });
    }
    return write(...args);
  };
}
