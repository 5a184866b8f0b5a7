import test, { type ExecutionContext } from 'ava';
import { DtlsTunnel } from '../dtls/tunnel.js';
import { line, UdpDevice } from '../lwm2m/support/udp-device.js';
import { freeUdpPort } from '../support/free-port.js';
import { startGateway } from '../support/gateway.js';
import { TestClient } from '../support/mqtt-client.js';
import { UdpRelay } from '../support/udp-relay.js';

// A device over DTLS behind an address translator that gives it another port in the middle of its session.

const psk = Buffer.from('secretPSK');
const pskCcm8 = 0xc0a8;
const observe = '{"reqID":1,"msgType":"observe","data":{"path":"/3/0/9"}}';
const read = (id: number): string => `{"reqID":${id},"msgType":"read","data":{"path":"/3/0/0"}}`;

interface World {
  readonly relay: UdpRelay;
  readonly tunnel: DtlsTunnel;
  readonly device: UdpDevice;
  readonly location: string;
  /** Of its observation. */
  readonly token: Buffer;
  readonly application: TestClient;
  readonly heard: (pattern: RegExp) => Promise<string>;
}

/** A device in queue mode that has registered and is observed; with `cid` it asks for connection ids. */
async function registered(t: ExecutionContext, cid?: Buffer): Promise<World> {
  const port = await freeUdpPort();
  const gateway = await startGateway(t, {
    lwm2m: [
      `lwm2m.bind.dtls.1 = 127.0.0.1:${port}`,
      'lwm2m.dtls.psk_file = etc/psk',
      'lwm2m.qmode_time_window = 1s',
      'lwm2m.command_timeout = 5s',
    ],
    files: { psk: `dev1:${psk.toString('hex')}\n` },
  });
  const application = await TestClient.connect(gateway.mqtt, 'application');
  t.teardown(() => void application.mqtt.end(true));
  await application.mqtt.subscribeAsync('lwm2m/#', { qos: 1 });
  const heard = async (pattern: RegExp): Promise<string> => {
    for (let i = 0; i < 250; i += 1) {
      const found = application.received.find((message) => pattern.test(message));
      if (found !== undefined) return found;
      await application.messages(application.received.length + 1, 20);
    }
    throw new Error(`nothing like ${pattern} in:\n${application.received.join('\n')}`);
  };
  const relay = await UdpRelay.before(t, port);
  const tunnel = await DtlsTunnel.open(t, relay.port, { suites: [pskCcm8], psk, cid });
  const device = await UdpDevice.at(tunnel.port);
  t.teardown(() => device.close());
  const location = await device.register('dev1', '</3/0>', 'lt=3600&b=UQ');
  await application.mqtt.publishAsync('lwm2m/dev1/dn/dm', observe, { qos: 1 });
  const request = await device.receive();
  await device.answer(request, { code: '2.05', observe: 1, contentFormat: 0, payload: '80' }, 'piggybacked');
  await heard(/up\/resp .*"reqID":1,.*"value":80/);
  await heard(/dev1\/status .*"asleep"/);
  return { relay, tunnel, device, location, token: request.token, application, heard };
}

/** Takes a Read from the gateway and answers it. */
async function answerRead(t: ExecutionContext, { device, heard }: World, id: number): Promise<void> {
  const command = await device.receive();
  t.is(line(command), 'GET /3/0/0 accept 11542');
  await device.answer(command, { code: '2.05', contentFormat: 0, payload: `EMQ ${id}` }, 'separate');
  await heard(new RegExp(`up/resp .*"reqID":${id},.*"value":"EMQ ${id}"`));
}

for (const cid of [Buffer.alloc(0), Buffer.from('ab', 'hex')]) {
  test(`with a connection id everything goes on; the device's own has ${cid.length} bytes`, async (t) => {
    const world = await registered(t, cid);
    const { relay, device, location, token, application, heard } = world;
    await application.mqtt.publishAsync('lwm2m/dev1/dn/dm', read(2), { qos: 1 });
    await heard(/queued/);
    await relay.move();
    await device.confirmed(token, { code: '2.05', observe: 2, contentFormat: 0, payload: '79' });
    await heard(/up\/notify .*"seqNum":2,.*"value":79/);
    await answerRead(t, world, 2);
    // Awake: what comes now is not queued, and goes to the new port as well.
    await application.mqtt.publishAsync('lwm2m/dev1/dn/dm', read(3), { qos: 1 });
    await answerRead(t, world, 3);
    await relay.move();
    t.is((await device.ask('POST', location)).code, '2.04');
    await application.mqtt.publishAsync('lwm2m/dev1/dn/dm', read(4), { qos: 1 });
    await answerRead(t, world, 4);
    t.is(relay.lost, 0);
    t.false(application.received.some((message) => /offline|expired|"4\.04"/.test(message)));
  });
}

test('without connection id the next handshake with the same identity takes over', async (t) => {
  const world = await registered(t);
  const { relay, tunnel, device, location, token, application, heard } = world;
  await application.mqtt.publishAsync('lwm2m/dev1/dn/dm', read(2), { qos: 1 });
  await heard(/queued/);
  await relay.move();
  await t.throwsAsync(device.ask('POST', location), { message: /no datagram/ });
  await tunnel.shakeHands();
  t.is((await device.ask('POST', location)).code, '2.04');
  await answerRead(t, world, 2);
  await device.confirmed(token, { code: '2.05', observe: 2, contentFormat: 0, payload: '79' });
  await heard(/up\/notify .*"seqNum":2,.*"value":79/);
  await application.mqtt.publishAsync('lwm2m/dev1/dn/dm', read(3), { qos: 1 });
  await answerRead(t, world, 3);
  t.is(relay.lost, 0);
});

test('without connection id a notification over the new session is enough', async (t) => {
  const world = await registered(t);
  const { relay, tunnel, device, token, application, heard } = world;
  await application.mqtt.publishAsync('lwm2m/dev1/dn/dm', read(2), { qos: 1 });
  await heard(/queued/);
  await relay.move();
  await tunnel.shakeHands();
  await device.confirmed(token, { code: '2.05', observe: 2, contentFormat: 0, payload: '79' });
  await heard(/up\/notify .*"seqNum":2,.*"value":79/);
  await answerRead(t, world, 2);
});
