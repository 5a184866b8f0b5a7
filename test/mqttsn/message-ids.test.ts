import test from 'ava';
import fc from 'fast-check';
import { nextMsgId } from '#src/mqttsn/session.js';

const ids = fc.uniqueArray(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 65_520, max: 65_535 })));

test('an id is never 0 and never that of a message in flight or in the queue', (t) => {
  const property = fc.property(ids, fc.nat(0xffff), fc.array(fc.boolean(), { maxLength: 60 }), (held, last, keep) => {
    const queue = [0, ...held].map((msgId) => ({ msgId }));
    const session = { inflight: queue.splice(0, 3), queue, lastMsgId: last, freeMsgIds: 0 };
    const taken = new Set(held);
    for (const kept of keep) {
      const msgId = nextMsgId(session);
      if (msgId < 1 || msgId > 0xffff || taken.has(msgId)) return false;
      if (!kept) continue;
      taken.add(msgId);
      queue.push({ msgId });
    }
    return true;
  });
  fc.assert(property);
  t.pass();
});

test('all ids of a round, and the one that is left', (t) => {
  const queue: { msgId: number }[] = [];
  const session = { inflight: [], queue, lastMsgId: 7, freeMsgIds: 0 };
  const taken = new Set<number>();
  for (let i = 1; i < 0xffff; i++) {
    const msgId = nextMsgId(session);
    taken.add(msgId);
    queue.push({ msgId });
  }
  t.is(taken.size, 0xffff - 1);
  t.is(nextMsgId(session), 7);
  t.is(nextMsgId(session), 7);
});
