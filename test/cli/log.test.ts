import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createLog, type ProcessLog } from '#src/cli/log.js';
import type { LogConfig } from '#src/config/config.js';

function logToFile(
  t: ExecutionContext,
  config: Partial<LogConfig>,
  terminal = false,
): { log: ProcessLog; text: () => string } {
  const folder = mkdtempSync(join(tmpdir(), 'isthmus-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'log');
  const log = createLog({ level: 'info', format: 'auto', ...config }, terminal, file);
  return { log, text: () => readFileSync(file, 'utf8') };
}

test('lines are JSON, with the names of levels and without what every line would repeat', (t) => {
  const { log, text } = logToFile(t, { format: 'json' }, true);
  log.child({ part: 'sn' }).info({ peer: '127.0.0.1:5' }, 'said hello');
  const line = JSON.parse(text()) as Record<string, unknown>;
  t.regex(String(line.time), /^\d{4}-\d\d-\d\dT/);
  delete line.time;
  t.deepEqual(line, { level: 'info', part: 'sn', peer: '127.0.0.1:5', msg: 'said hello' });
});

test('only lines of the level and above are written', (t) => {
  const { log, text } = logToFile(t, { level: 'warn' });
  t.false(log.isLevelEnabled('info'));
  t.true(log.isLevelEnabled('error'));
  log.info({}, 'hidden');
  log.warn({}, 'shown');
  t.regex(text(), /shown/);
  t.notRegex(text(), /hidden/);
});

const secrets = {
  password: 'geheim',
  user: { password: 'geheim', psk: 'geheim' },
  config: { sn: { dtls: { key: 'geheim', privateKey: 'geheim' } } },
  headers: { authorization: 'geheim' },
};

for (const format of ['json', 'pretty'] as const) {
  test(`secrets are hidden at every depth: ${format}`, (t) => {
    const { log, text } = logToFile(t, { format });
    log.info(secrets, 'one');
    log.child({ password: 'geheim' }).error({ user: secrets.user, err: new Error('x') }, 'two');
    t.regex(text(), /\*\*\*/);
    t.regex(text(), /two/);
    t.notRegex(text(), /geheim/);
  });
}

test('on a terminal lines are for people, unless JSON is asked for', (t) => {
  const { log, text } = logToFile(t, {}, true);
  log.info({ n: 1 }, 'said hello');
  t.regex(text(), /INFO/);
  t.throws(() => JSON.parse(text()) as unknown);
});

test('fatal is written at once', (t) => {
  const { log, text } = logToFile(t, { format: 'json' });
  log.fatal({ err: new Error('odd') }, 'the end');
  t.like(JSON.parse(text()), { level: 'fatal', msg: 'the end', err: { message: 'odd' } });
});
