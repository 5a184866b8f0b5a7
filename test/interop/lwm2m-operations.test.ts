import test, { type ExecutionContext } from 'ava';
import type { JsonObject } from '#src/lwm2m/dialects/json.js';
import { confFolder } from '../support/gateway-process.js';
import { TestClient } from '../support/mqtt-client.js';
import { freeUdpPort, type Gateway, installed, Running, startGateway } from './support.js';

/** What an operation asks of a device, and where it is told what came of it. */
type Step = readonly [operation: string, msgType: string, data: JsonObject];

interface Device {
  readonly program: string;
  /** Its arguments; the endpoint is `dev`. */
  readonly args: (gateway: Gateway) => readonly string[] | Promise<readonly string[]>;
  readonly queueModeArgs?: readonly string[];
  /** What only this device has: where something can be created, executed, and written as a resource instance. */
  readonly own: readonly Step[];
  /** Makes /3/0/13 change, if it does not by itself. */
  readonly change?: string;
  readonly update: string;
  readonly send: string;
  /** Ends it properly; without it, the end of its process does. */
  readonly quit?: string;
  /** Answers other than success, by operation; the rest succeeds. */
  readonly otherwise: Readonly<Record<string, string>>;
}

const anjay = (version: string) => (gateway: Gateway) => [
  '-e',
  'dev',
  '-s',
  'nosec',
  '-u',
  `coap://127.0.0.1:${gateway.coapPort}`,
  '-l',
  '120',
  '-V',
  version,
];
const anjayOwn: readonly Step[] = [
  ['Create', 'create', { basePath: '/33605', content: [{ path: '3/1', type: 'Integer', value: 7 }] }],
  ['Write of an instance, replace', 'write', item('/33605/3', '1', 'Integer', 8, 'replace')],
  ['Write of a multiple resource', 'write', multiple('/33605/3', '3')],
  ['Write of a resource instance', 'write', { path: '/33605/3/3/1', type: 'Integer', value: 5 }],
  ['Execute', 'execute', { path: '/33605/3/2' }],
  ['Write-Composite with null', 'write-composite', { content: [{ path: '/33605/3/3/1', value: null }] }],
  ['Read of what null has removed', 'read', { path: '/33605/3/3/1' }],
  ['Delete', 'delete', { path: '/33605/3' }],
];
const anjayLike = {
  program: 'anjay-demo',
  queueModeArgs: ['-q', 'UQ'],
  own: anjayOwn,
  update: 'send-update 0\n',
  quit: 'disable-server 1 1000\n',
  send: 'send 1 /3/0/0\n',
};
const refusedNull = '4.00 bad_request';

const devices: Readonly<Record<string, Device>> = {
  wakaama: {
    program: 'lwm2mclient',
    args: async ({ coapPort }) => [
      '-4',
      '-h',
      '127.0.0.1',
      '-p',
      `${coapPort}`,
      '-l',
      `${await freeUdpPort()}`,
      '-n',
      'dev',
      '-t',
      '120',
    ],
    own: [
      ['Create', 'create', { basePath: '/31024', content: [{ path: '20/1', type: 'Integer', value: 20 }] }],
      ['Write of an instance, replace', 'write', item('/31024/20', '1', 'Integer', 7, 'replace')],
      ['Execute', 'execute', { path: '/31024/20/2', args: '1' }],
      ['Write-Composite with null', 'write-composite', { content: [{ path: '/31024/20/1/0', value: null }] }],
      ['Delete', 'delete', { path: '/31024/20' }],
    ],
    change: 'change /3/0/13 1367491215\n',
    update: 'update 123\n',
    send: 'send 123 /3/0/0\n',
    quit: 'quit\n',
    otherwise: {
      // It knows neither FETCH nor iPATCH, and does not answer them.
      'Read-Composite': '5.04 gateway_timeout',
      'Observe-Composite': '5.04 gateway_timeout',
      'Cancel of Observe-Composite': '6.05 not_observed',
      'Write-Composite': '5.04 gateway_timeout',
      'Write-Composite with null': refusedNull,
    },
  },
  'Anjay 1.1': {
    ...anjayLike,
    args: anjay('1.1'),
    otherwise: { 'Write-Composite with null': refusedNull },
  },
  'Anjay 1.2': {
    ...anjayLike,
    args: anjay('1.2'),
    otherwise: { 'Read of what null has removed': '4.04 not_found' },
  },
  Leshan: {
    program: 'leshan-demo-client',
    args: ({ coapPort }) => ['-u', `coap://127.0.0.1:${coapPort}`, '-n', 'dev', '-lh', '127.0.0.1', '-l', '120'],
    queueModeArgs: ['-q'],
    own: [
      ['Create', 'create', { basePath: '/3442', content: [{ path: '5/110', type: 'String', value: 'x' }] }],
      ['Write of an instance, replace', 'write', item('/3442/5', '110', 'String', 'y', 'replace')],
      ['Write of a multiple resource', 'write', multiple('/3442/0', '1120')],
      ['Write of a resource instance', 'write', { path: '/3442/0/1120/1', type: 'Integer', value: 5 }],
      ['Execute', 'execute', { path: '/3442/0/0' }],
      ['Write-Composite with null', 'write-composite', { content: [{ path: '/3442/0/1110/0', value: null }] }],
      ['Delete', 'delete', { path: '/3442/5' }],
    ],
    update: 'update\n',
    send: 'send current-value /3/0/0 /3/0/9\n',
    otherwise: { 'Write-Composite with null': refusedNull },
  },
};

const paths = ['/3/0/0', '/3/0/13'];
const common: readonly Step[] = [
  ['Read of an object', 'read', { path: '/3' }],
  ['Read of an instance', 'read', { path: '/3/0' }],
  ['Read of a resource', 'read', { path: '/3/0/0' }],
  ['Read of a resource instance', 'read', { path: '/3/0/11/0' }],
  ['Discover', 'discover', { path: '/3/0' }],
  ['Write of a resource', 'write', { path: '/3/0/14', value: '+07:00' }],
  ['Write of an instance, update', 'write', item('/3/0', '14', 'String', '+08:00', 'update')],
  ['Write-Attributes', 'write-attr', { path: '/3/0/13', pmin: 0, pmax: 1 }],
  ['Read-Composite', 'read-composite', { paths }],
  ['Observe-Composite', 'observe-composite', { paths }],
  ['Cancel of Observe-Composite', 'cancel-observe-composite', { paths }],
  ['Write-Composite', 'write-composite', { content: [{ path: '/3/0/14', value: '+09:00' }] }],
];

function item(basePath: string, path: string, type: string, value: string | number, mode: string): JsonObject {
  return { basePath, content: [{ path, type, value }], mode };
}

/** Two instances of a resource. */
function multiple(basePath: string, resource: string): JsonObject {
  const content = [1, 2].map((value) => ({ path: `${resource}/${value}`, type: 'Integer', value }));
  return { basePath, content, mode: 'update' };
}

/** An application that talks to the device in the msgType dialect. */
class Application {
  private readonly client: TestClient;
  private id = 0;

  private constructor(client: TestClient) {
    this.client = client;
  }

  static async of(t: ExecutionContext, gateway: Gateway): Promise<Application> {
    const client = await TestClient.connect(`mqtt://127.0.0.1:${gateway.mqttPort}`, 'application');
    t.teardown(() => void client.mqtt.end(true));
    await client.mqtt.subscribeAsync('lwm2m/dev/up/#', { qos: 0 });
    return new Application(client);
  }

  /** Sends a command; its code with the words for it. */
  async ask(msgType: string, data: JsonObject): Promise<string> {
    this.id += 1;
    await this.client.mqtt.publishAsync('lwm2m/dev/dn/dm', JSON.stringify({ reqID: this.id, msgType, data }), {
      qos: 1,
    });
    const answer = await this.heard(new RegExp(`"reqID":${this.id},"msgType":"${msgType}"`));
    const [, code, message] = /"code":"([^"]+)","codeMsg":"([^"]+)"/.exec(answer) ?? [];
    return `${code} ${message}`;
  }

  /** Waits for a message of this kind. */
  told(msgType: string, timeoutMs?: number): Promise<string> {
    return this.heard(new RegExp(`"msgType":"${msgType}"`), timeoutMs);
  }

  /** Forgets what was told so far. */
  forget(): void {
    this.client.received.length = 0;
  }

  private async heard(pattern: RegExp, timeoutMs = 15_000): Promise<string> {
    const until = Date.now() + timeoutMs;
    for (;;) {
      const found = this.client.received.find((message) => pattern.test(message));
      if (found !== undefined) return found;
      if (Date.now() > until) throw new Error(`nothing like ${pattern} in:\n${this.client.received.join('\n')}`);
      await this.client.messages(this.client.received.length + 1, 100);
    }
  }
}

for (const [name, device] of Object.entries(devices)) {
  test(`${name}: every operation`, async (t) => {
    if (!installed(t, device.program)) return;
    const gateway = await startGateway(t, {
      lwm2m: ['lwm2m.command_timeout = 3s', 'lwm2m.update_msg_publish_condition = always'],
    });
    const application = await Application.of(t, gateway);
    const running = new Running(t, device.program, await device.args(gateway), { cwd: confFolder(t) });
    await application.told('register', 60_000);
    const cells: [string, string][] = [];
    for (const [operation, msgType, data] of [...common, ...device.own]) {
      cells.push([operation, await application.ask(msgType, data)]);
    }
    cells.push(['Observe', await application.ask('observe', { path: '/3/0/13' })]);
    if (device.change !== undefined) running.write(device.change);
    await application.told('notify');
    cells.push(['Cancel-Observe', await application.ask('cancel-observe', { path: '/3/0/13' })]);
    running.write(device.send);
    await application.told('send').then(
      () => cells.push(['Send', 'told']),
      () => cells.push(['Send', 'nothing came']),
    );
    application.forget();
    running.write(device.update);
    await application.told('update');
    if (device.quit === undefined) void running.stop('SIGINT');
    else running.write(device.quit);
    await application.told('deregister');
    for (const [operation, answer] of cells) t.log(`${operation}: ${answer}`);
    for (const [operation, answer] of cells) {
      const { [operation]: other } = device.otherwise;
      if (other !== undefined) t.is(answer, other, operation);
      else t.regex(answer, /^2\.\d\d |^told$/, operation);
    }
  });

  const { queueModeArgs } = device;
  if (queueModeArgs === undefined) continue;
  test(`${name}: a command waits for a device in queue mode`, async (t) => {
    if (!installed(t, device.program)) return;
    const gateway = await startGateway(t, {
      lwm2m: ['lwm2m.qmode_time_window = 1s', 'lwm2m.update_msg_publish_condition = always'],
    });
    const application = await Application.of(t, gateway);
    const running = new Running(t, device.program, [...(await device.args(gateway)), ...queueModeArgs], {
      cwd: confFolder(t),
    });
    await application.told('register', 60_000);
    await application.told('asleep');
    const answer = application.ask('read', { path: '/3/0/0' });
    await application.told('queued');
    running.write(device.update);
    t.is(await answer, '2.05 content');
  });
}
