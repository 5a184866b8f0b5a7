import { parseArgs } from 'node:util';
import type { Applications, ScenarioName, Target } from './protocol.js';
import { scenarios } from './scenarios.js';
import type { Broker } from './servers.js';

/** What the command line asks for. */
export interface Options {
  readonly rounds: number;
  readonly seconds: number;
  readonly clients: number;
  readonly window: number;
  readonly payload: number;
  readonly sessions: number;
  /** MQTT clients, and MQTT-SN clients, of a crowd. */
  readonly crowd: number;
  readonly only: readonly ScenarioName[];
  readonly against: readonly Target[];
  readonly idleSeconds: number;
  /** False: only the gateways named by `--against` are measured. */
  readonly own: boolean;
  /** Whether the skeleton of a gateway is measured too. */
  readonly skeleton: boolean;
  /** Also our gateway without a store. */
  readonly inMemory: boolean;
  /** Also our gateway with this MQTT broker behind it. */
  readonly external: Broker | undefined;
  /** Also mosquitto, with and without persistence. */
  readonly mosquitto: boolean;
  readonly subscribers: number;
  readonly json: string | undefined;
  /** Where the gateway's CPU profile goes. */
  readonly cpuProfile: string | undefined;
}

export const usage = `npm run bench -- [options]
  --rounds N         rounds of each measurement (5)
  --seconds N        measured time of a round (3)
  --only NAME        one measurement; may be repeated: ${scenarios.map((scenario) => scenario.name).join(', ')}
  --against TARGET   also measure another gateway; may be repeated: [name=]host:snport[:mqttport[:coapport]][@pid,...]
                     snport '-': a plain MQTT broker
  --against-lwm2m TARGET  also measure an LwM2M server by its driver: [name=]host:coapport:driverport[@pid,...]
  --against-leshan TARGET  also measure Leshan's demo server by its REST API and event stream: [name=]host:coapport:httpport[@pid,...]
  --mosquitto        also measure mosquitto, with and without persistence (it must be installed)
  --in-memory        also measure Isthmus without its store
  --external BROKER  also measure Isthmus with another broker behind it: host:port[@pid,...]
  --without-own      leave Isthmus out
  --skeleton         also measure a bare gateway that keeps nothing, around a plain aedes: a ceiling for MQTT-SN
  --clients N        devices (20)
  --subscribers N    MQTT subscribers of the mqtt-* measurements (1)
  --window N         messages a device has under way (4)
  --payload N        bytes of payload (32)
  --sessions N       sleeping sessions for --only sessions, devices for --only lwm2m-memory (10000)
  --idle SECONDS     how long these devices stay silent, to be looked at once more (0: not at all)
  --crowd N          MQTT clients, and as many MQTT-SN clients, for --only crowd (10000)
  --json FILE        where the results go (bench/results/<time>.json)
  --cpu-prof DIR     write a CPU profile of Isthmus there
`;

/** Reads the command line; an Error says what is wrong with it. */
export function readOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '3' },
      clients: { type: 'string', default: '20' },
      subscribers: { type: 'string', default: '1' },
      window: { type: 'string', default: '4' },
      payload: { type: 'string', default: '32' },
      sessions: { type: 'string', default: '10000' },
      idle: { type: 'string', default: '0' },
      only: { type: 'string', multiple: true, default: [] },
      against: { type: 'string', multiple: true, default: [] },
      mosquitto: { type: 'boolean', default: false },
      'in-memory': { type: 'boolean', default: false },
      external: { type: 'string' },
      'against-lwm2m': { type: 'string', multiple: true, default: [] },
      'against-leshan': { type: 'string', multiple: true, default: [] },
      'without-own': { type: 'boolean', default: false },
      skeleton: { type: 'boolean', default: false },
      crowd: { type: 'string', default: '10000' },
      json: { type: 'string' },
      'cpu-prof': { type: 'string' },
    },
  });
  return {
    rounds: positive('rounds', values.rounds),
    seconds: positive('seconds', values.seconds),
    clients: positive('clients', values.clients),
    subscribers: positive('subscribers', values.subscribers),
    window: positive('window', values.window),
    payload: Math.max(4, positive('payload', values.payload)),
    crowd: positive('crowd', values.crowd),
    sessions: positive('sessions', values.sessions),
    idleSeconds: values.idle === '0' ? 0 : positive('idle', values.idle),
    only: values.only.flatMap((names) => names.split(',')).map(scenarioName),
    against: [
      ...values.against.map(readTarget),
      ...values['against-leshan'].map((text) => readLwm2mTarget('leshan', text)),
      ...values['against-lwm2m'].map((text) => readLwm2mTarget('driver', text)),
    ],
    mosquitto: values.mosquitto,
    inMemory: values['in-memory'],
    external: values.external === undefined ? undefined : readBroker(values.external),
    own: !values['without-own'],
    skeleton: values.skeleton,
    json: values.json,
    cpuProfile: values['cpu-prof'],
  };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new Error(`--${name}: a positive number, not '${text}'`);
  return value;
}

function scenarioName(text: string): ScenarioName {
  const found = scenarios.find((scenario) => scenario.name === text);
  if (!found) throw new Error(`--only: one of ${scenarios.map(({ name }) => name).join(', ')}, not '${text}'`);
  return found.name;
}

/** `[name=]host:snport[:mqttport[:coapport]][@pid,...]`; the process ids are those whose CPU time counts as the gateway's. */
function readTarget(text: string): Target {
  const parts = /^(?:([^=@]+)=)?([^:@]+):(\d+|-)(?::(\d+))?(?::(\d+))?(?:@([\d,]+))?$/.exec(text);
  if (!parts) throw new Error(`--against: [name=]host:snport[:mqttport[:coapport]][@pid,...], not '${text}'`);
  const [, name, host = '', sn, mqtt, coap, pids] = parts;
  return {
    name: name ?? `${host}:${sn}`,
    host,
    snPort: sn === '-' ? undefined : Number(sn),
    mqttPort: Number(mqtt ?? 1883),
    coapPort: coap === undefined ? undefined : Number(coap),
    pids: pids?.split(',').map(Number) ?? [],
  };
}

/** `host:port[@pid,...]`. */
function readBroker(text: string): Broker {
  const parts = /^([^:@]+):(\d+)(?:@([\d,]+))?$/.exec(text);
  if (!parts) throw new Error(`--external: host:port[@pid,...], not '${text}'`);
  const [, host = '', port, pids] = parts;
  return { host, port: Number(port), pids: pids?.split(',').map(Number) ?? [] };
}

/** `[name=]host:coapport:port[@pid,...]`, the second port being the driver's or that of HTTP. */
function readLwm2mTarget(by: Applications['by'], text: string): Target {
  const parts = /^(?:([^=@]+)=)?([^:@]+):(\d+):(\d+)(?:@([\d,]+))?$/.exec(text);
  if (!parts) {
    const form =
      by === 'leshan'
        ? '--against-leshan: [name=]host:coapport:httpport'
        : '--against-lwm2m: [name=]host:coapport:driverport';
    throw new Error(`${form}[@pid,...], not '${text}'`);
  }
  const [, name, host = '', coap, port, pids] = parts;
  return {
    name: name ?? `${host}:${coap}`,
    host,
    snPort: 0,
    mqttPort: 0,
    coapPort: Number(coap),
    applications: { by, port: Number(port) },
    pids: pids?.split(',').map(Number) ?? [],
  };
}
