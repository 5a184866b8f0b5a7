// The floor: a UDP server that sends back what it gets, on a port of its own choice that it tells its parent.
import { createSocket } from 'node:dgram';

const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
socket.on('message', (datagram, from) => socket.send(datagram, from.port, from.address));
socket.bind(0, '127.0.0.1', () => process.send?.(socket.address().port));
process.on('disconnect', () => process.exit());
