import assert from 'node:assert';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { Persistence } from '#src/broker/persistence.js';
import { silentLog } from '#src/core/log.js';
import { LevelStore } from '#src/store/level-store.js';
import { MemoryStore } from '#src/store/memory-store.js';
import type { Store } from '#src/store/store.js';
import { FakeClock } from '../support/fake-clock.js';

/** What aedes' suite expects of its test framework, which is node:test. */
interface SuiteContext {
  readonly assert: typeof assert;
  plan(count: number): void;
  diagnostic(message: string): void;
}

type Suite = (options: {
  test: (name: string, run: (t: SuiteContext) => Promise<void>) => void;
  persistence: () => Promise<Persistence>;
  testAsync: boolean;
}) => void;

const suite = createRequire(import.meta.url)('aedes-persistence/abstract.js') as Suite;

function persistenceOn(store: Store): Persistence {
  return new Persistence({
    store,
    clock: new FakeClock(),
    queues: { limit: 1000, ttlMs: Number.POSITIVE_INFINITY },
    retainedTtlMs: Number.POSITIVE_INFINITY,
    maySubscribe: () => true,
    usernameOf: () => undefined,
    dropped: { name: 'dropped', value: 0 },
    log: silentLog,
  });
}

const folders: string[] = [];
test.after.always(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const stores: Record<string, () => Promise<Store>> = {
  memory: async () => new MemoryStore(),
  level: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'isthmus-persistence-'));
    folders.push(folder);
    return LevelStore.open(folder, silentLog);
  },
};

for (const [kind, open] of Object.entries(stores)) {
  suite({
    test: (name, run) =>
      test.serial(`${kind}: ${name}`, async (t) => {
        await run({ assert, plan: () => {}, diagnostic: () => {} });
        t.pass();
      }),
    persistence: async () => persistenceOn(await open()),
    testAsync: true,
  });
}
