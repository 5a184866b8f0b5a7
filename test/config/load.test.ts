import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { features } from '#src/config/features.js';
import { load } from '#src/config/load.js';
import { shippedXmlDir } from '#src/config/lwm2m-config.js';
import { etcDir, everyFeature, lines, loadFiles } from './etc-dir.js';

test('without files, everything has its default', (t) => {
  const etc = etcDir(t, {});
  const { config, warnings, errors } = load(etc, {});
  t.deepEqual([warnings, errors], [[], []]);
  t.deepEqual(config.sn.listeners, { udp: [{ host: '0.0.0.0', port: 1884 }], dtls: [] });
  t.deepEqual(config.lwm2m.listeners, { udp: [{ host: '0.0.0.0', port: 5683 }], dtls: [] });
  t.deepEqual(config.broker.listeners, { tcp: [{ host: '0.0.0.0', port: 1883 }], tls: [], ws: [], wss: [] });
  t.deepEqual(config.admin.listeners, [{ host: '127.0.0.1', port: 18_083 }]);
  t.is(config.store.dir, join(dirname(etc), 'data'));
  t.is(config.lwm2m.xmlDir, shippedXmlDir);
  t.like(config.sn, {
    gatewayId: 1,
    advertiseDurationSeconds: 900,
    idleTimeoutMs: 30_000,
    retryIntervalMs: 10_000,
    retryCount: 3,
    maxInflight: 1,
    sleepQueueLimit: 1000,
    maxTopics: 1000,
    sessionExpiryMs: 7_200_000,
    maxClientIdLength: 128,
    enableQos3: false,
    forwarders: 'none',
    credentials: undefined,
  });
  t.like(config.lwm2m, {
    lifetimeMinSeconds: 1,
    lifetimeMaxSeconds: 86_400,
    qmodeTimeWindowMs: 93_000,
    queueLimit: 100,
    queueTtlMs: 86_400_000,
    autoObserve: 'off',
    mountpoint: 'lwm2m/%e/',
  });
});

test('the configuration is frozen to the bottom', (t) => {
  const { config } = loadFiles(t, { 'emqx_sn.conf': 'mqtt.sn.auth.a.username = u' });
  t.throws(() => Object.assign(config.sn, { gatewayId: 2 }));
  t.throws(() => Object.assign(config.lwm2m.topics[0] ?? {}, { command: 'x' }));
  t.throws(() => Object.assign(config.sn.credentialsByClient.get('a') ?? {}, { username: 'x' }));
});

test('every error comes at once, with file, line, key, what was given and what is allowed', (t) => {
  const loaded = loadFiles(
    t,
    {
      'isthmus.conf': '\nlog.level = loud\n',
      'emqx_sn.conf': '# x\nmqtt.sn.gateway_id = 300\nnonsense\nmqtt.sn.enable_qos3 = maybe # no',
      'emqx_lwm2m.conf': 'lwm2m.port = 70000\nlwm2m.lifetime_min = 2d',
    },
    { ISTHMUS_MQTT__SN__MAX_INFLIGHT: 'many' },
  );
  t.deepEqual(loaded.lines.errors, [
    'etc/emqx_sn.conf:3: this line is neither a comment nor "key = value"',
    'etc/isthmus.conf:2: log.level = loud: allowed is trace | debug | info | warn | error | fatal',
    'etc/emqx_sn.conf:2: mqtt.sn.gateway_id = 300: allowed is 0..255',
    'etc/emqx_sn.conf:4: mqtt.sn.enable_qos3 = maybe # no: allowed is on | off | true | false (a comment after a value begins with ##)',
    'etc/emqx_lwm2m.conf:1: lwm2m.port = 70000: allowed is PORT or IP:PORT (such as 1884, 127.0.0.1:1884, [::1]:1884), several by commas, or off',
    'ISTHMUS_MQTT__SN__MAX_INFLIGHT: mqtt.sn.max_inflight = many: allowed is 1..65535',
    'etc/emqx_lwm2m.conf:2: lwm2m.lifetime_min = 172800s: at most lwm2m.lifetime_max, which is 86400s',
  ]);
});

test('a secret is in no error', (t) => {
  const { lines } = loadFiles(t, {
    'isthmus.conf': 'broker.url = http://user:geheim@host',
    'emqx_sn.conf': 'mqtt.sn.password = "gehe\0im"',
  });
  t.is(lines.errors.length, 2);
  t.notRegex(lines.errors.join(), /gehe/);
});

test('an unknown key is a warning with the nearest known one', (t) => {
  const { lines } = loadFiles(
    t,
    { 'emqx_sn.conf': 'mqtt.sn.gateway = 2\nquite.another = 1' },
    { ISTHMUS_MQTT__SN__PRT: '1' },
  );
  t.deepEqual(lines, {
    errors: [],
    warnings: [
      'etc/emqx_sn.conf:1: unknown key mqtt.sn.gateway; the nearest is mqtt.sn.gateway_id',
      'etc/emqx_sn.conf:2: unknown key quite.another',
      'ISTHMUS_MQTT__SN__PRT: unknown variable ISTHMUS_MQTT__SN__PRT; the nearest is ISTHMUS_MQTT__SN__PORT',
    ],
  });
});

test('a key given again is a warning, and the last one counts; so is one in another file', (t) => {
  const { config, lines } = loadFiles(t, {
    'emqx_sn.conf': 'mqtt.sn.gateway_id = 2\nmqtt.sn.gateway_id = 3',
    'emqx_lwm2m.conf': 'mqtt.sn.gateway_id = 4',
  });
  t.is(config.sn.gatewayId, 4);
  t.deepEqual(lines.warnings, [
    'etc/emqx_sn.conf:2: mqtt.sn.gateway_id is given again, after etc/emqx_sn.conf:1; this one counts',
    'etc/emqx_lwm2m.conf:1: mqtt.sn.gateway_id belongs in emqx_sn.conf',
    'etc/emqx_lwm2m.conf:1: mqtt.sn.gateway_id is given again, after etc/emqx_sn.conf:2; this one counts',
  ]);
});

test('the environment goes before the files, without a word', (t) => {
  const { config, lines } = loadFiles(
    t,
    { 'emqx_sn.conf': 'mqtt.sn.port = 1884\nmqtt.sn.predefined.topic.1 = a' },
    {
      ISTHMUS_MQTT__SN__PORT: '[::1]:1999',
      ISTHMUS_MQTT__SN__PREDEFINED__TOPIC__1: 'b',
      ISTHMUS_MQTT__SN__AUTH__sensor__USERNAME: 'u',
      OTHER: 'x',
    },
    { ...features, snCredentials: true },
  );
  t.deepEqual(lines, { warnings: [], errors: [] });
  t.deepEqual(config.sn.listeners.udp, [{ host: '::1', port: 1999 }]);
  t.is(config.sn.predefinedTopics.all.get(1), 'b');
  t.deepEqual(config.sn.credentialsByClient.get('sensor'), { username: 'u', password: undefined });
});

test('a file that is there and cannot be read is an error; a missing folder a warning', (t) => {
  const etc = etcDir(t, {});
  mkdirSync(join(etc, 'isthmus.conf'));
  t.regex(lines(load(etc, {}), etc).errors.join(), /^etc\/isthmus\.conf: cannot be read: EISDIR/);
  const none = join(etc, 'none');
  t.deepEqual(lines(load(none, {}), none), {
    warnings: ['etc: there is no such folder, so every key has its default'],
    errors: [],
  });
});

test('no file and no environment throws', (t) => {
  const etc = etcDir(t, {});
  const words =
    'mqtt.sn. lwm2m. broker. port bind.udp. topic. = : , 1 [::] off # \n " { dtls. certfile topics.command'.split(' ');
  const text = fc.oneof(
    fc.string(),
    fc.array(fc.constantFrom(...words)).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(
      text,
      fc.dictionary(
        fc.string().map((name) => `ISTHMUS_${name}`),
        text,
      ),
      (file, env) => {
        writeFileSync(join(etc, 'emqx_sn.conf'), file);
        load(etc, env, everyFeature(true));
      },
    ),
  );
  t.pass();
});

test('a file in HOCON form gives one clear error', (t) => {
  const { lines } = loadFiles(t, { 'emqx_sn.conf': 'gateway.mqttsn {\n  gateway_id = 1\n  x = {}\n}\n'.repeat(50) });
  t.is(lines.errors.length, 1);
  t.regex(lines.errors[0] ?? '', /^etc\/emqx_sn\.conf:1: this is the HOCON form/);
  t.deepEqual(lines.warnings, []);
});

test('predefined topics, for all and by client; id 0 is passed over', (t) => {
  const { config, lines } = loadFiles(t, {
    'emqx_sn.conf': [
      'mqtt.sn.predefined.topic.0 = reserved',
      'mqtt.sn.predefined.topic.1 = /a',
      'mqtt.sn.predefined.topic.65534 = /z',
      'mqtt.sn.predefined.plant.7.topic.1 = /own',
      'mqtt.sn.predefined."x = y".topic.2 = /odd',
    ].join('\n'),
  });
  t.deepEqual(lines, { warnings: [], errors: [] });
  const { all, byClient } = config.sn.predefinedTopics;
  t.deepEqual(
    [...all],
    [
      [1, '/a'],
      [65_534, '/z'],
    ],
  );
  t.deepEqual([...(byClient.get('plant.7') ?? [])], [[1, '/own']]);
  t.deepEqual([...(byClient.get('x = y') ?? [])], [[2, '/odd']]);
});

test('relative paths start at the parent of the folder', (t) => {
  const { config, etc } = loadFiles(t, {
    'isthmus.conf': 'store.dir = var/data\nbroker.acl_file = /abs/acl',
    'emqx_lwm2m.conf': 'lwm2m.xml_dir = etc',
  });
  t.is(config.store.dir, join(dirname(etc), 'var/data'));
  t.is(config.broker.aclFile, '/abs/acl');
  t.is(config.lwm2m.xmlDir, etc);
});

test('a key whose feature is not built warns, unless it asks for nothing of it', (t) => {
  const file =
    'mqtt.sn.forwarder = any\nmqtt.sn.enable_qos3 = off\nmqtt.sn.mountpoint =\nmqtt.sn.advertise_duration = 15m';
  const off = everyFeature(false);
  const on = everyFeature(true);
  t.deepEqual(loadFiles(t, { 'emqx_sn.conf': file }, {}, off).lines.warnings, [
    'etc/emqx_sn.conf:1: mqtt.sn.forwarder: not supported yet',
    'etc/emqx_sn.conf:4: mqtt.sn.advertise_duration: not supported yet',
  ]);
  t.deepEqual(loadFiles(t, { 'emqx_sn.conf': file }, {}, on).lines.warnings, []);
});
