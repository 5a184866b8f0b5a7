import { setTimeout } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { line, UdpDevice } from '../lwm2m/support/udp-device.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { TestClient } from '../support/mqtt-client.js';
import { CommandSource } from './command-source.js';
import { ReadingDevice } from './reading-device.js';
import { mqttSink } from './traffic.js';

/** How often the gateway is killed: few in `npm test`, `ISTHMUS_CRASHES=50` for a long run. */
const crashes = Number(process.env.ISTHMUS_CRASHES ?? 5);
const longestLifeMs = 500;

const observe = '{"reqID":1,"msgType":"observe","data":{"path":"/3/0/9"}}';
const read = '{"reqID":2,"msgType":"read","data":{"path":"/3/0/0"}}';

async function application(t: ExecutionContext, gateway: GatewayProcess): Promise<TestClient> {
  const client = await TestClient.connect(`mqtt://127.0.0.1:${gateway.mqttPort}`, `app ${Math.random()}`);
  t.teardown(() => void client.mqtt.end(true));
  await client.mqtt.subscribeAsync('lwm2m/#', { qos: 1 });
  return client;
}

/** Waits for a message that matches. */
async function heard(client: TestClient, pattern: RegExp): Promise<string> {
  for (let i = 0; i < 500; i += 1) {
    const found = client.received.find((message) => pattern.test(message));
    if (found !== undefined) return found;
    await client.messages(client.received.length + 1, 20);
  }
  throw new Error(`nothing like ${pattern} in:\n${client.received.join('\n')}`);
}

test('after kill -9: status, notification, a queued command, update and end of an observation', async (t) => {
  t.timeout(120_000);
  const gateway = await GatewayProcess.start(t, { lwm2m: ['lwm2m.qmode_time_window = 1s'] });
  const before = await application(t, gateway);
  const device = await UdpDevice.at(gateway.coapPort);
  t.teardown(() => device.close());
  const location = await device.register('ep', '</3/0>', 'lt=3600&b=UQ');
  await heard(before, /ep\/status .*"awake"/);
  await before.mqtt.publishAsync('lwm2m/ep/dn/dm', observe, { qos: 1 });
  const request = await device.receive();
  await device.answer(request, { code: '2.05', observe: 1, contentFormat: 0, payload: '80' }, 'piggybacked');
  await heard(before, /up\/resp .*"reqID":1,.*"value":80/);
  await heard(before, /ep\/status .*"asleep"/);
  await before.mqtt.publishAsync('lwm2m/ep/dn/dm', read, { qos: 1 });
  await gateway.kill();

  await gateway.start();
  const after = await application(t, gateway);
  await heard(after, /ep\/status .*"asleep"/);
  await device.confirmed(request.token, { code: '2.05', observe: 2, contentFormat: 0, payload: '79' });
  const queued = await device.receive();
  t.is(line(queued), 'GET /3/0/0 accept 11542');
  await device.answer(queued, { code: '2.05', contentFormat: 0, payload: 'EMQ' }, 'separate');
  await heard(after, /up\/notify .*"seqNum":2,.*"value":79/);
  await heard(after, /up\/resp .*"reqID":2,.*"value":"EMQ"/);
  t.is((await device.ask('POST', location)).code, '2.04');
  await after.mqtt.publishAsync('lwm2m/ep/command', '{"CmdID":3,"Command":"Read","BaseName":"/3/0/0"}', { qos: 1 });
  await device.answer(await device.receive(), { code: '4.04' }, 'piggybacked');
  await heard(after, /ep\/response .*"CmdID":3/);
  // Once this is acknowledged the store knows that the command is done; before, it would be sent again.
  await after.mqtt.publishAsync('anything', '', { qos: 1 });

  await gateway.kill();
  await gateway.start();
  const last = await application(t, gateway);
  t.is((await device.ask('DELETE', location)).code, '2.02');
  await heard(last, /ep\/status .*"offline"/);
});

test(`killed ${crashes} times with commands under way: each is answered, and none is executed twice`, async (t) => {
  t.timeout(60_000 + crashes * 10_000);
  const gateway = await GatewayProcess.start(t);
  const names = ['ep-0', 'ep-1', 'ep-2', 'ep-3'];
  const devices = await Promise.all(names.map((name) => ReadingDevice.register(t, gateway.coapPort, name, 20)));
  const answers = await mqttSink(t, gateway, 'answers', 1, 'lwm2m/+/up/resp');
  const sources = names.map((name) => CommandSource.begin(t, gateway, name));
  const doubtful = new Set<string>();
  for (let crash = 0; crash < crashes; crash += 1) {
    await setTimeout(Math.random() * longestLifeMs);
    await gateway.kill();
    // Not acknowledged, so its application sends it again, and it may be done again.
    for (const { pending } of sources) doubtful.add(pending);
    await gateway.start();
  }
  await Promise.all(sources.map((source) => source.stop()));
  const unanswered = (): string[] => {
    const answered = new Set(answers.delivered.map((text) => /"reqID":"([^"]+)"/.exec(text)?.[1]));
    return sources.flatMap(({ acknowledged }) => acknowledged.filter((id) => !answered.has(id)));
  };
  for (let i = 0; i < 400 && unanswered().length > 0; i += 1) await setTimeout(50);
  t.deepEqual(unanswered(), []);
  const executed = devices.flatMap((device) => device.executed);
  const twice = executed.filter((id, i) => executed.indexOf(id) !== i && !doubtful.has(id));
  t.deepEqual(twice, []);
  t.deepEqual(answers.complaints, []);
  const unknown = answers.delivered.filter((text) => text.includes('"outcome_unknown"')).length;
  const sent = sources.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0);
  t.log(
    `${crashes} crashes, ${sent} commands acknowledged, ${executed.length} executed, ${unknown} of unknown outcome`,
  );
});
