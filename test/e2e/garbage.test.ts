import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import mqtt from 'mqtt';
import { GatewayProcess } from '../support/gateway-process.js';
import { udpSnDevice } from '../support/udp-sn-device.js';
import { drained, lost } from './accounts.js';
import { coapGarbage, isNoCoapMessage, isNoSnPacket, pour, snGarbage } from './garbage.js';
import { ReadingDevice } from './reading-device.js';
import { snSink, snSource } from './traffic.js';

/** How many datagrams go to each port: few in `npm test`, `ISTHMUS_FUZZ=100000` for a long run. */
const garbage = Number(process.env.ISTHMUS_FUZZ ?? 5000);

const parts = 10;

// Sessions and peers that the garbage happens to open, buffers, and what the garbage collector leaves for later.
const growthKiB = 96 * 1024;

test.serial(`${garbage} datagrams of garbage to each port while real clients go on`, async (t) => {
  t.timeout(60_000 + garbage * 5);
  const gateway = await GatewayProcess.start(t, {
    isthmus: ['log.level = debug'],
    sn: ['mqtt.sn.enable_qos3 = on', 'mqtt.sn.retry_interval = 300ms', 'mqtt.sn.retry_count = 100'],
  });
  const counts = countLines(gateway);
  const sink = await snSink(t, gateway, 'sink', 1);
  const source = await snSource(t, gateway, 'source', 1, true);
  const babbler = await udpSnDevice(t, gateway.snPort);
  await babbler.connect('babbler');
  const device = await ReadingDevice.register(t, gateway.coapPort, 'ep');
  const reads = await reader(t, gateway, 'ep');

  await setTimeout(500);
  const targets = [
    { port: gateway.snPort, kind: snGarbage, harmless: isNoSnPacket, own: (bytes: Buffer) => babbler.babble(bytes) },
    {
      port: gateway.coapPort,
      kind: coapGarbage,
      harmless: isNoCoapMessage,
      own: (bytes: Buffer) => device.send(bytes),
    },
  ];
  const resident = [gateway.residentKiB ?? 0];
  for (let part = 0; part < parts; part++) {
    await pour(targets, Math.ceil(garbage / parts), () => babbler.ping());
    resident.push(gateway.residentKiB ?? 0);
  }
  await source.stop();
  const answers = await reads.stop();
  await drained([source], [sink]);
  await sink.stop();

  t.log(`KiB resident, before and after each tenth: ${resident.join(', ')}`);
  t.log(`the system dropped ${drops(gateway.snPort)} and ${drops(gateway.coapPort)} datagrams before they were read`);
  t.log(`meanwhile ${source.acknowledged.length} messages and ${answers.length} Reads, none lost`);
  t.log(`counted as malformed: ${counts.snDropped} MQTT-SN, at least ${counts.coapDropped} CoAP`);

  t.deepEqual(lost([source], sink), []);
  t.deepEqual(
    [source, sink, babbler].flatMap(({ complaints }) => complaints),
    [],
  );
  t.true(answers.length > 0);
  t.deepEqual(
    answers.filter((answer) => !answer.includes('"sv":"EMQ"')),
    [],
  );
  t.deepEqual(counts.errors, []);
  t.true(counts.snDropped > garbage / 10, `MQTT-SN counted ${counts.snDropped}`);
  t.true(counts.coapDropped > 0, `CoAP counted ${counts.coapDropped}`);
  const [before = 0] = resident;
  t.true(Math.max(...resident) - before < growthKiB, `KiB resident: ${resident.join(', ')}`);
});

/** Datagrams that found no room in a socket's buffer; undefined where /proc does not tell. */
function drops(port: number): number | undefined {
  try {
    const hex = port.toString(16).toUpperCase().padStart(4, '0');
    const lines = readFileSync('/proc/net/udp', 'latin1').split('\n');
    return Number(
      lines
        .find((line) => line.includes(`:${hex} 00000000:0000`))
        ?.trim()
        .split(/\s+/)
        .at(-1),
    );
  } catch {
    return undefined;
  }
}

/** What the gateway says of the garbage. CoAP's complaints come summed up, at most every ten seconds. */
function countLines(gateway: GatewayProcess) {
  const counts = { snDropped: 0, coapDropped: 0, errors: [] as string[] };
  gateway.onLine = (line) => {
    if (line.includes('MQTT-SN packet dropped: ')) counts.snDropped++;
    const [, count] = /"count":(\d+).*Datagrams that are no CoAP messages/.exec(line) ?? [];
    counts.coapDropped += Number(count ?? 0);
    if (/"level":"(error|fatal)"/.test(line)) counts.errors.push(line);
  };
  return counts;
}

/** Has a device read, over and over, by commands on MQTT; `stop` gives the answers. */
async function reader(t: ExecutionContext, { mqttPort }: GatewayProcess, endpoint: string) {
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${mqttPort}`, { clientId: 'reader' });
  t.teardown(() => client.end(true));
  await client.subscribeAsync(`lwm2m/${endpoint}/response`, { qos: 1 });
  const answers: string[] = [];
  let going = true;
  const run = async (): Promise<void> => {
    for (let n = 1; going; n++) {
      const answer = new Promise<string>((resolve) => {
        client.once('message', (_topic, payload) => resolve(payload.toString()));
      });
      await client.publishAsync(
        `lwm2m/${endpoint}/command`,
        JSON.stringify({ CmdID: n, Command: 'Read', BaseName: '/3/0/0' }),
        { qos: 1 },
      );
      answers.push(await answer);
      await setTimeout(20);
    }
  };
  const running = run();
  return {
    async stop(): Promise<readonly string[]> {
      going = false;
      await running;
      return answers;
    },
  };
}
