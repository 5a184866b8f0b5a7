import test from 'ava';
import { isPattern, keysOf, sampleName } from '#src/config/key.js';
import { confFiles, findEnvironmentKey, findKey, suggestEnvironmentKey, suggestKey } from '#src/config/known-keys.js';
import { editDistance, nearest } from '#src/config/nearest.js';
import { invalid } from '#src/config/value-type.js';

const keys = confFiles.flatMap((file) => keysOf(file).map((key) => ({ file, key })));

test('no two keys have one name', (t) => {
  const names = keys.map(({ key }) => key.name);
  t.deepEqual(
    names.filter((name, i) => names.indexOf(name) < i),
    [],
  );
});

for (const { key, file } of keys) {
  test(`${key.name}: default and example are values, its names lead to it, and it says what it does`, (t) => {
    if (!isPattern(key.name) && key.retired === undefined) t.not(key.type.parse(key.fallback), invalid);
    if (key.example !== undefined) t.not(key.type.parse(key.example), invalid);
    else t.false(isPattern(key.name) || key.fallback === '', 'an example is needed');
    const name = sampleName(key.name);
    t.is(findKey(name)?.key, key);
    t.is(findKey(name)?.name, name);
    t.is(findKey(name)?.file, file);
    t.regex(key.summary, /^[A-Z].*\.$/);
  });
}

test('a client id may hold dots and whatever looks like the rest of a key', (t) => {
  const captures = (name: string): readonly string[] | undefined => findKey(name)?.captures;
  t.deepEqual(captures('mqtt.sn.predefined.topic.7'), ['7']);
  t.deepEqual(captures('mqtt.sn.predefined.dev.topic.7'), ['dev', '7']);
  t.deepEqual(captures('mqtt.sn.predefined.my.dev.1.topic.7'), ['my.dev.1', '7']);
  t.deepEqual(captures('mqtt.sn.predefined.topic.topic.7'), ['topic', '7']);
  t.deepEqual(captures('mqtt.sn.predefined.a.topic.1.topic.2'), ['a.topic.1', '2']);
  t.deepEqual(captures('mqtt.sn.auth.a.username.password'), ['a.username']);
  t.is(captures('mqtt.sn.predefined.topic.x'), undefined);
  t.is(captures('mqtt.sn.predefined.topic.01'), undefined);
});

test('plain keys go before those that stand for many', (t) => {
  t.is(findKey('lwm2m.opts.recbuf')?.key.name, 'lwm2m.opts.recbuf');
  t.is(findKey('lwm2m.opts.backlog')?.key.name, 'lwm2m.opts.<name>');
});

test('environment variables lead to keys, wildcards too', (t) => {
  const found = (variable: string): string | undefined => findEnvironmentKey(variable)?.name;
  t.is(found('ISTHMUS_MQTT__SN__PORT'), 'mqtt.sn.port');
  t.is(found('ISTHMUS_MQTT__SN__GATEWAY_ID'), 'mqtt.sn.gateway_id');
  t.is(found('ISTHMUS_MQTT__SN__BIND__UDP__1'), 'mqtt.sn.bind.udp.1');
  t.is(found('ISTHMUS_MQTT__SN__PREDEFINED__TOPIC__1'), 'mqtt.sn.predefined.topic.1');
  t.is(found('ISTHMUS_MQTT__SN__PREDEFINED__Dev-7__TOPIC__1'), 'mqtt.sn.predefined.Dev-7.topic.1');
  t.is(found('ISTHMUS_MQTT__SN__AUTH__plant.7__USERNAME'), 'mqtt.sn.auth.plant.7.username');
  t.is(found('ISTHMUS_LWM2M__OPTS__RECBUF'), 'lwm2m.opts.recbuf');
  t.is(found('ISTHMUS_MQTT_SN_PORT'), undefined);
  t.is(found('ISTHMUS_mqtt__sn__port'), undefined);
});

test('a misspelt key is led to the nearest', (t) => {
  t.is(suggestKey('mqtt.sn.gatewayid'), 'mqtt.sn.gateway_id');
  t.is(suggestKey('mqtt.sn.predefind.topic.12'), 'mqtt.sn.predefined.topic.<N>');
  t.is(suggestKey('lwm2m.topic.command'), 'lwm2m.topics.command');
  t.is(suggestKey('completely.different'), undefined);
  t.is(suggestEnvironmentKey('ISTHMUS_MQTT_SN_PORT'), 'ISTHMUS_MQTT__SN__PORT');
  t.is(suggestEnvironmentKey('ISTHMUS_MQTT__SN__PREDEFIND__TOPIC__1'), 'ISTHMUS_MQTT__SN__PREDEFINED__TOPIC__<N>');
});

test('edit distance', (t) => {
  t.is(editDistance('', ''), 0);
  t.is(editDistance('abc', ''), 3);
  t.is(editDistance('kitten', 'sitting'), 3);
  t.is(editDistance('start', 'strat'), 1);
  t.is(nearest('strat', ['start', 'check']), 'start');
  t.is(nearest('xyzzy', ['start', 'check']), undefined);
  t.is(nearest('a'.repeat(100_000), ['start']), undefined);
});
