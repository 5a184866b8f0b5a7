import test, { type ExecutionContext } from 'ava';
import { type Gateway, installed, listen, publish, Running, run, startGateway } from './support.js';

const needed = ['cc_mqttsn_client_pub', 'cc_mqttsn_client_sub', 'mosquitto_pub', 'mosquitto_sub'];

/** Arguments that point a client at the gateway; what it would broadcast stays on the loopback. */
const at = (gateway: Gateway): string[] => ['-g', '127.0.0.1', '-b', '127.255.255.255', '-p', `${gateway.snPort}`];

async function ccPub(t: ExecutionContext, gateway: Gateway, ...args: string[]): Promise<void> {
  const { code, output } = await run(t, 'cc_mqttsn_client_pub', [...at(gateway), ...args]);
  t.is(code, 0, output);
}

/** A subscriber of theirs, once a probe published again and again has come through: it does not say when it is subscribed. */
async function ccSub(t: ExecutionContext, gateway: Gateway, probe: string, ...args: string[]): Promise<Running> {
  const subscriber = new Running(t, 'cc_mqttsn_client_sub', [...at(gateway), ...args]);
  for (let attempt = 0; attempt < 50; attempt++) {
    await publish(t, gateway, probe, 'probe');
    const heard = await subscriber.waitFor(`${probe}: probe`, 200).then(
      () => true,
      () => false,
    );
    if (heard) return subscriber;
  }
  throw new Error(`cc_mqttsn_client_sub hears nothing:\n${subscriber.output}`);
}

const predefined = ['mqtt.sn.predefined.topic.7 = sensors/seven'];

for (const qos of ['0', '1', '2']) {
  test(`cc.mqttsn publishes with QoS ${qos}: normal, short and predefined topics`, async (t) => {
    if (!installed(t, ...needed)) return;
    const gateway = await startGateway(t, { sn: predefined });
    const subscriber = await listen(t, gateway, '#');
    await ccPub(t, gateway, '-c', 'cc-1', '-q', qos, '-t', 'sensors/a', '-m', 'normal');
    await subscriber.waitFor(`got sensors/a ${qos} 0 normal\n`);
    await ccPub(t, gateway, '-c', 'cc-1', '-q', qos, '-t', 'gh', '-m', 'short');
    await subscriber.waitFor(`got gh ${qos} 0 short\n`);
    await ccPub(t, gateway, '-c', 'cc-1', '-q', qos, '-i', '7', '-m', 'predefined');
    await subscriber.waitFor(`got sensors/seven ${qos} 0 predefined\n`);
  });

  test(`cc.mqttsn subscribes with QoS ${qos}: normal topics and wildcards`, async (t) => {
    if (!installed(t, ...needed)) return;
    const gateway = await startGateway(t);
    const subscriber = await ccSub(t, gateway, 'ready/now', '-c', 'cc-2', '-q', qos, '-t', 'ready/now', '-t', 'room/#');
    for (const topic of ['room/a', 'room/b', 'room/a/b', 'room/b']) {
      await publish(t, gateway, topic, `for ${topic}`, '-q', qos);
    }
    for (const topic of ['room/a', 'room/b', 'room/a/b']) await subscriber.waitFor(`${topic}: for ${topic}\n`);
    t.pass();
  });
}

test('cc.mqttsn publishes ten in a row with QoS 2, each arrives once', async (t) => {
  if (!installed(t, ...needed)) return;
  const gateway = await startGateway(t);
  const subscriber = await listen(t, gateway, 'ten/#');
  const many = ['--pub-count', '10', '--pub-delay', '10'];
  await ccPub(t, gateway, '-c', 'cc-3', '-q', '2', '-t', 'ten/times', '-m', 'again', ...many);
  await subscriber.waitFor(/(?:got ten\/times 2 0 again\n[^]*?){10}/);
  t.is([...subscriber.output.matchAll(/^got ten/gm)].length, 10);
});

test('the will of a cc.mqttsn client that vanishes is published', async (t) => {
  if (!installed(t, ...needed)) return;
  const gateway = await startGateway(t);
  const subscriber = await listen(t, gateway, 'will/#', 'life/#');
  const will = ['--will-topic', 'will/of/cc', '--will-message', 'farewell', '--will-qos', '1'];
  const rest = ['-k', '2', '-q', '1', '-t', 'life/sign', '-m', 'alive', '--pub-no-disconnect'];
  const device = new Running(t, 'cc_mqttsn_client_pub', [...at(gateway), '-c', 'cc-4', ...will, ...rest]);
  await subscriber.waitFor('got life/sign 1 0 alive\n');
  await device.stop('SIGKILL');
  await subscriber.waitFor('got will/of/cc 1 0 farewell\n');
  t.pass();
});

test('cc.mqttsn through a forwarder', async (t) => {
  if (!installed(t, ...needed)) return;
  const gateway = await startGateway(t, { sn: ['mqtt.sn.forwarder = any'] });
  const subscriber = await listen(t, gateway, 'far/#');
  await ccPub(t, gateway, '-c', 'cc-5', '--fwd-enc-node-id', 'node5', '-q', '2', '-t', 'far/away', '-m', 'forwarded');
  await subscriber.waitFor('got far/away 2 0 forwarded\n');
  t.pass();
});

test('a sleeper on the cc.mqttsn library wakes from a new port and gets its messages, then PINGRESP', async (t) => {
  // A small driver of one's own on their library: PORT and `moves` as arguments; it subscribes to zz/#, sleeps, asks twice.
  if (!installed(t, 'cc_mqttsn_client_sleeper', 'mosquitto_pub')) return;
  const gateway = await startGateway(t);
  const sleeper = new Running(t, 'cc_mqttsn_client_sleeper', [`${gateway.snPort}`, 'moves']);
  await sleeper.waitFor('sleep status 0\n');
  for (const qos of ['0', '1', '2']) await publish(t, gateway, 'zz/a', `with ${qos}`, '-q', qos);
  await publish(t, gateway, 'zz/b', 'other', '-q', '1');
  for (const qos of ['0', '1', '2']) await sleeper.waitFor(`message zz/a qos=${qos} with ${qos}\n`);
  await sleeper.waitFor('message zz/b qos=1 other\n');
  // The second question is taken only when the first one has had its PINGRESP.
  await sleeper.waitFor('other\ncheck 0\n');
  t.notRegex(sleeper.output, /gw disconnected/);
});
