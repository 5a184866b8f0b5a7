import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import mqtt, { type MqttClient } from 'mqtt';

const rounds = Number(process.env['CRASH_ROUNDS'] ?? 5);

/** A broker in a process of its own that can be killed and comes back on its port. */
class MortalBroker {
  port = 0;
  private readonly dir = mkdtempSync(join(tmpdir(), 'isthmus-crash-broker-'));
  private child: ChildProcess | undefined;

  start(): Promise<void> {
    const script = join(import.meta.dirname, 'crash-broker.js');
    const child = spawn(process.execPath, [script, this.dir, `${this.port}`], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.child = child;
    return new Promise((resolve) =>
      child.stdout.once('data', (line: Buffer) => {
        this.port = Number(line.toString());
        resolve();
      }),
    );
  }

  kill(): Promise<void> {
    return new Promise((resolve) => {
      this.child?.once('close', () => resolve());
      this.child?.kill('SIGKILL');
    });
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function connect(broker: MortalBroker, clientId: string, clean: boolean): Promise<MqttClient> {
  const options = { clientId, clean, reconnectPeriod: 20, connectTimeout: 2000 };
  const client = mqtt.connect(`mqtt://127.0.0.1:${broker.port}`, options);
  client.on('error', () => {});
  return new Promise((resolve) => client.once('connect', () => resolve(client)));
}

test('killed under load, the broker loses nothing acknowledged and delivers no QoS 2 message twice', async (t) => {
  t.timeout(300_000);
  const broker = new MortalBroker();
  await broker.start();
  const clients: MqttClient[] = [];
  t.teardown(async () => {
    for (const client of clients) client.end(true);
    await broker.remove();
  });

  const received = new Map<string, number>();
  const subscriber = await connect(broker, 'subscriber', false);
  clients.push(subscriber);
  subscriber.on('message', (_topic, payload) => {
    const message = payload.toString();
    received.set(message, (received.get(message) ?? 0) + 1);
  });
  // Two filters match each message, and one client is away the whole time.
  await subscriber.subscribeAsync(['load/#', 'load/+'], { qos: 2 });
  const sleeper = await connect(broker, 'sleeper', false);
  await sleeper.subscribeAsync('load/2', { qos: 2 });
  await sleeper.endAsync();

  const publishers = await Promise.all(['p1', 'p2'].map((id) => connect(broker, id, false)));
  clients.push(...publishers);
  const acknowledged: string[] = [];
  const load = { running: true };
  const publishing = publishers.map(async (publisher, index) => {
    for (let n = 0; load.running; n++) {
      const qos = ((n + index) % 2) + 1;
      const message = `${qos} from ${index} number ${n}`;
      await publisher.publishAsync(`load/${qos}`, message, { qos: qos as 1 | 2 });
      acknowledged.push(message);
    }
  });

  for (let round = 0; round < rounds; round++) {
    await sleep(100 + Math.random() * 300);
    await broker.kill();
    await broker.start();
  }
  await sleep(200);
  load.running = false;
  await Promise.all(publishing);
  for (let waited = 0; acknowledged.some((message) => !received.has(message)) && waited < 100; waited++)
    await sleep(50);

  t.true(acknowledged.length > 0, `${acknowledged.length} acknowledged`);
  t.deepEqual(
    acknowledged.filter((message) => !received.has(message)),
    [],
    'lost',
  );
  t.deepEqual(
    [...received].filter(([message, times]) => message.startsWith('2') && times > 1),
    [],
    'twice',
  );

  const waiting: string[] = [];
  const back = mqtt.connect(`mqtt://127.0.0.1:${broker.port}`, { clientId: 'sleeper', clean: false });
  clients.push(back);
  back.on('message', (_topic, payload) => waiting.push(payload.toString()));
  const expected = acknowledged.filter((message) => message.startsWith('2'));
  for (let waited = 0; waiting.length < expected.length && waited < 100; waited++) await sleep(50);
  t.deepEqual(waiting.toSorted(), [...new Set(waiting)].toSorted(), 'twice for the sleeper');
  t.deepEqual(
    expected.filter((message) => !waiting.includes(message)),
    [],
    'lost for the sleeper',
  );
});
