import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import { features } from '#src/config/features.js';
import { load } from '#src/config/load.js';
import { etcDir, everyFeature, lines, loadFiles } from './etc-dir.js';

const built = everyFeature(true);

/** A file of any name may hold any key; where it belongs is another test's matter. */
const rules: readonly (readonly [name: string, file: string, text: string, error: RegExp])[] = [
  ['lifetimes', 'emqx_lwm2m.conf', 'lwm2m.lifetime_max = 0', /lifetime_min = 1s: at most lwm2m\.lifetime_max/],
  ['external broker', 'isthmus.conf', 'broker.mode = external', /:1: broker\.mode = external needs broker\.url/],
  ['one client id for all', 'isthmus.conf', 'broker.client_id = plant', /:1: broker\.client_id needs a %c/],
  ['half an identity', 'isthmus.conf', 'broker.url.certfile = /dev/null', /broker\.url\.keyfile need each other/],
  [
    'TLS listener',
    'isthmus.conf',
    'broker.listener.tls = 8883',
    /:1: broker\.listener\.tls needs broker\.tls\.certfile/,
  ],
  ['peers of TLS', 'isthmus.conf', 'broker.tls.verify = verify_peer', /needs broker\.tls\.cacertfile/],
  ['peers of DTLS', 'emqx_lwm2m.conf', 'lwm2m.dtls.verify = verify_peer', /needs lwm2m\.dtls\.cacertfile/],
  ['peers of SN DTLS', 'emqx_sn.conf', 'mqtt.sn.dtls.verify = verify_peer', /needs mqtt\.sn\.dtls\.cacertfile/],
  [
    'ciphers',
    'emqx_lwm2m.conf',
    'lwm2m.dtls.ciphers = A,B\nlwm2m.dtls.psk_ciphers = C',
    /:2: lwm2m\.dtls\.psk_ciphers cannot be given together with lwm2m\.dtls\.ciphers/,
  ],
  ['half a credential', 'emqx_sn.conf', 'mqtt.sn.dtls.certfile = /dev/null', /certfile needs mqtt\.sn\.dtls\.keyfile/],
  ['password alone', 'emqx_sn.conf', 'mqtt.sn.password = x', /:1: mqtt\.sn\.password needs mqtt\.sn\.username/],
  ['client password', 'emqx_sn.conf', 'mqtt.sn.auth.a.b.password = x', /needs mqtt\.sn\.auth\.a\.b\.username/],
  ['topic id', 'emqx_sn.conf', 'mqtt.sn.predefined.topic.65535 = x', /topic ids are 1\.\.65534/],
  ['topic of all', 'emqx_lwm2m.conf', 'lwm2m.mountpoint = all/\nlwm2m.topics.command = dn', /:2: .* need a %e/],
  ['password file', 'isthmus.conf', 'broker.password_file = none', /:1: broker\.password_file: cannot be read: ENOENT/],
  ['PSK file', 'emqx_lwm2m.conf', 'lwm2m.dtls.psk_file = etc', /lwm2m\.dtls\.psk_file: .*etc is not a file/],
  ['DTLS port', 'emqx_lwm2m.conf', 'lwm2m.port = 65535\nlwm2m.dtls.psk_file = etc/emqx_lwm2m.conf', /no port above/],
];

for (const [name, file, text, error] of rules) {
  test(`rule: ${name}`, (t) => {
    const { errors } = loadFiles(t, { [file]: text }, {}, built).lines;
    t.true(errors.length > 0);
    t.regex(errors[0] ?? '', error);
  });
}

const conflicts: readonly (readonly [Record<string, string>, string | undefined])[] = [
  [
    { 'emqx_sn.conf': 'mqtt.sn.port = 5683' },
    'lwm2m.port = 0.0.0.0:5683: mqtt.sn.port (etc/emqx_sn.conf:1) already takes udp 0.0.0.0:5683',
  ],
  [
    { 'emqx_lwm2m.conf': 'lwm2m.port = 127.0.0.1:1884' },
    'etc/emqx_lwm2m.conf:1: lwm2m.port = 127.0.0.1:1884: mqtt.sn.port (default) already takes udp 0.0.0.0:1884',
  ],
  [
    { 'isthmus.conf': 'admin.listener = 127.0.0.1:1883' },
    'etc/isthmus.conf:1: admin.listener = 127.0.0.1:1883: broker.listener.tcp (default) already takes tcp 0.0.0.0:1883',
  ],
  [{ 'isthmus.conf': 'broker.listener.tcp = 1884' }, undefined],
  [{ 'emqx_lwm2m.conf': 'lwm2m.port = [::]:1884' }, undefined],
  [{ 'emqx_sn.conf': 'mqtt.sn.port = 0', 'emqx_lwm2m.conf': 'lwm2m.port = 0' }, undefined],
  [{ 'emqx_sn.conf': 'mqtt.sn.port = 127.0.0.1:7', 'emqx_lwm2m.conf': 'lwm2m.port = 127.0.0.2:7' }, undefined],
  [{ 'emqx_sn.conf': 'mqtt.sn.port = 1884\nmqtt.sn.bind.udp.1 = 0.0.0.0:1884' }, undefined],
];

for (const [files, error] of conflicts) {
  test(`two listeners: ${JSON.stringify(files)}`, (t) => {
    t.deepEqual(loadFiles(t, files, {}, built).lines.errors, error === undefined ? [] : [error]);
  });
}

test('port and bind keys add up; the default port only counts alone', (t) => {
  const udp = (text: string): unknown => loadFiles(t, { 'emqx_sn.conf': text }).config.sn.listeners.udp;
  const [any, one, two] = [
    { host: '0.0.0.0', port: 1884 },
    { host: '127.0.0.1', port: 1 },
    { host: '::', port: 2 },
  ];
  t.deepEqual(udp('mqtt.sn.bind.udp.1 = 127.0.0.1:1\nmqtt.sn.bind.udp.2 = :::2'), [one, two]);
  t.deepEqual(udp('mqtt.sn.port = 1884\nmqtt.sn.bind.udp.2 = :::2'), [any, two]);
  t.deepEqual(udp('mqtt.sn.port = off'), []);
});

const credential = 'lwm2m.certfile = etc/cert.pem\nlwm2m.keyfile = etc/key.pem\n';

test('a credential brings DTLS one port above, or where bind says', (t) => {
  const dtls = (text: string): unknown => {
    const etc = etcDir(t, { 'cert.pem': '', 'key.pem': '', 'emqx_lwm2m.conf': text });
    const loaded = load(etc, {}, built);
    t.deepEqual(lines(loaded, etc), { warnings: [], errors: [] });
    return loaded.config.lwm2m.listeners.dtls;
  };
  t.deepEqual(dtls(credential), [{ host: '0.0.0.0', port: 5684 }]);
  t.deepEqual(dtls(`${credential}lwm2m.port = [::1]:7`), [{ host: '::1', port: 8 }]);
  t.deepEqual(dtls(`${credential}lwm2m.bind.dtls.3 = 127.0.0.1:9`), [{ host: '127.0.0.1', port: 9 }]);
  t.deepEqual(dtls(''), []);
});

test('without a credential DTLS is off, and is said to be off', (t) => {
  const { config, lines } = loadFiles(t, { 'emqx_lwm2m.conf': 'lwm2m.bind.dtls.1 = 5684' }, {}, built);
  t.deepEqual(config.lwm2m.listeners.dtls, []);
  t.deepEqual(lines.warnings, [
    'etc/emqx_lwm2m.conf:1: lwm2m.bind.dtls.1: no credential is configured, so DTLS stays off',
  ]);
});

test('a credential that cannot be read stops the start once DTLS is built, and warns until then', (t) => {
  const files = { 'emqx_lwm2m.conf': credential };
  const with_ = loadFiles(t, files, {}, { ...features, dtls: true }).lines;
  t.is(with_.errors.length, 2);
  t.regex(with_.errors[0] ?? '', /^etc\/emqx_lwm2m\.conf:1: lwm2m\.certfile: cannot be read: ENOENT/);
  const without = loadFiles(t, files, {}, { ...features, dtls: false });
  t.deepEqual(without.lines, {
    errors: [],
    warnings: [
      'etc/emqx_lwm2m.conf:1: lwm2m.certfile: not supported yet',
      'etc/emqx_lwm2m.conf:2: lwm2m.keyfile: not supported yet',
    ],
  });
  t.deepEqual(without.config.lwm2m.listeners.dtls, []);
});

test('EMQX 4.3 has another name for when updates are published', (t) => {
  const update = (text: string) => {
    const { config, lines } = loadFiles(t, { 'emqx_lwm2m.conf': text }, {}, built);
    return [config.lwm2m.updatePublishCondition, lines.warnings.length];
  };
  t.deepEqual(update(''), ['contains_object_list', 0]);
  t.deepEqual(update('lwm2m.publish_update_when = always'), ['always', 0]);
  t.deepEqual(update('lwm2m.publish_update_when = object_list_changed'), ['contains_object_list', 0]);
  const both = 'lwm2m.update_msg_publish_condition = contains_object_list\nlwm2m.publish_update_when = always';
  t.deepEqual(update(both), ['always', 1]);
});

test('the longer names of certificate and key go before the shorter', (t) => {
  const etc = etcDir(t, {
    'emqx_lwm2m.conf': `${credential}lwm2m.dtls.certfile = own.pem\nlwm2m.dtls.keyfile = own.pem`,
  });
  writeFileSync(join(dirname(etc), 'own.pem'), '');
  const loaded = load(etc, {}, built);
  t.deepEqual(lines(loaded, etc).errors, []);
  t.is(loaded.config.lwm2m.dtls.certFile, join(dirname(etc), 'own.pem'));
});
