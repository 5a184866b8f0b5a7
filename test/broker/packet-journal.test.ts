import test from 'ava';
import type { Packet } from 'mqtt-packet';
import { IncomingPackets } from '#src/broker/mqtt-incoming.js';
import { OutgoingPackets } from '#src/broker/mqtt-outgoing.js';
import { PacketJournal } from '#src/broker/packet-journal.js';
import type { Message } from '#src/broker/port.js';
import { CrashStore } from '../support/crash-store.js';

const line = (packet: Packet): string =>
  `${packet.cmd} ${packet.messageId}${packet.cmd === 'publish' ? `${packet.dup ? ' dup' : ''} ${String(packet.payload)}` : ''}`;

/** A client's publications over one connection after another, with this store. */
async function publisher(store: CrashStore) {
  const journal = new PacketJournal(store);
  await journal.load();
  const sent: string[] = [];
  const outgoing: OutgoingPackets = new OutgoingPackets('device', journal, () => ({
    send: (packet) => sent.push(line(packet)),
    packetOf: ({ topic, payload, qos, retain }) => ({ cmd: 'publish', topic, payload, qos, retain, dup: false }),
  }));
  for (const { messageId, order, message } of journal.take('device')?.publications ?? []) {
    outgoing.restore(messageId, order, message);
  }
  return { outgoing, sent, take: () => sent.splice(0) };
}

const message = (text: string): Message => ({ topic: 't', payload: Buffer.from(text), qos: 2, retain: true });

test('a QoS 2 publication goes on with its message id after a crash, at whatever moment', async (t) => {
  const store = new CrashStore();
  store.automatic = false;
  const first = await publisher(store);
  first.outgoing.publish(7, message('lost'), () => {});
  t.deepEqual(first.take(), [], 'not before the store has it');
  const nothing = await publisher(store.crash());
  nothing.outgoing.resend();
  t.deepEqual(nothing.take(), []);

  const again = new CrashStore();
  again.automatic = false;
  const second = await publisher(again);
  second.outgoing.publish(9, message('a'), () => t.fail('has no answer'));
  second.outgoing.publish(8, message('b'), () => {});
  again.flush();
  t.deepEqual(second.take(), ['publish 9 a', 'publish 8 b']);
  second.outgoing.onAck('pubrec', 8, 0);
  t.deepEqual(second.take(), [], 'no release before the store knows');
  again.flush();
  t.deepEqual(second.take(), ['pubrel 8']);

  const survivor = again.crash();
  const third = await publisher(survivor);
  third.outgoing.resend();
  t.deepEqual(third.take(), ['publish 9 dup a', 'pubrel 8']);
  third.outgoing.onAck('pubrec', 9, 0);
  third.outgoing.onAck('pubcomp', 9, 0);
  // The broker has forgotten it: it was done with.
  third.outgoing.onAck('pubcomp', 8, 146);
  t.deepEqual(third.take(), ['pubrel 9']);
  t.is(third.outgoing.size, 0);
  t.is(survivor.count('external.outgoing'), 0);
});

test('answers that nobody waits for: a PUBREC is released, a refusal ends it', async (t) => {
  const { outgoing, take } = await publisher(new CrashStore());
  outgoing.onAck('pubrec', 3, 0);
  outgoing.onAck('puback', 3, 0);
  outgoing.onAck('pubcomp', 3, 0);
  t.deepEqual(take(), ['pubrel 3']);
  const codes: number[] = [];
  outgoing.publish(4, message('x'), (code) => codes.push(code));
  outgoing.onAck('pubcomp', 4, 0);
  outgoing.onAck('puback', 4, 0);
  outgoing.onAck('pubrec', 4, 135);
  outgoing.publish(5, { ...message('y'), qos: 1 }, (code) => codes.push(code));
  outgoing.onAck('puback', 5, 16);
  t.deepEqual(codes, [135, 16]);
});

/** A client's incoming messages; the owner writes nothing itself. */
async function receiver(store: CrashStore) {
  const journal = new PacketJournal(store);
  await journal.load();
  const sent: string[] = [];
  const handed: { text: string; taken: () => void }[] = [];
  const incoming = new IncomingPackets({
    clientId: 'device',
    journal,
    send: (packet) => sent.push(line(packet)),
    hand: ({ payload }, taken) => handed.push({ text: payload.toString(), taken }),
    now: () => 0,
    congested: () => {},
    heldBack: () => {},
  });
  incoming.restore(journal.take('device')?.received ?? []);
  incoming.unblock();
  const publish = (messageId: number, text: string, dup = false): void =>
    incoming.onPublish({ cmd: 'publish', messageId, topic: 't', payload: text, qos: 2, dup, retain: false });
  return { incoming, publish, handed, take: () => sent.splice(0) };
}

test('a QoS 2 message is handed over once, also to the process after a crash', async (t) => {
  const store = new CrashStore();
  const first = await receiver(store);
  first.publish(1, 'a');
  t.deepEqual(first.take(), []);
  first.handed[0]?.taken();
  t.deepEqual(first.take(), ['pubrec 1']);
  const survivor = store.crash();
  const second = await receiver(survivor);
  second.publish(1, 'a', true);
  t.deepEqual(second.take(), ['pubrec 1']);
  t.is(second.handed.length, 0);
  survivor.automatic = false;
  second.incoming.onPubRel(1);
  t.deepEqual(second.take(), [], 'no PUBCOMP before the store has forgotten');
  survivor.flush();
  t.deepEqual(second.take(), ['pubcomp 1']);
  second.incoming.onPubRel(1);
  t.deepEqual(second.take(), ['pubcomp 1']);
  second.publish(1, 'b');
  t.is(second.handed[0]?.text, 'b');
});

test('a message that is with its owner when the connection breaks is acknowledged on the next one', async (t) => {
  const { incoming, publish, handed, take } = await receiver(new CrashStore());
  publish(1, 'a');
  incoming.lost();
  handed[0]?.taken();
  incoming.unblock();
  t.deepEqual(take(), []);
  publish(1, 'a', true);
  t.deepEqual(take(), ['pubrec 1']);
  publish(2, 'b');
  incoming.lost();
  incoming.unblock();
  publish(2, 'b', true);
  t.deepEqual(take(), []);
  handed[1]?.taken();
  t.deepEqual(take(), ['pubrec 2']);
  t.is(handed.length, 2);
  // The broker has lost the session, and uses its ids for other messages.
  incoming.forget();
  publish(2, 'c');
  t.is(handed.length, 3);
});
