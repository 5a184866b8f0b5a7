import test from 'ava';
import fc from 'fast-check';
import { keysOf } from '#src/config/key.js';
import { confFiles } from '#src/config/known-keys.js';
import {
  autoObserve,
  brokerUrl,
  forwarders,
  multicastGroup,
  topicFilter,
  topicName,
  topicPrefix,
  verify,
} from '#src/config/protocol-types.js';
import {
  durationMs,
  durationSeconds,
  integer,
  invalid,
  ipAddress,
  list,
  listeners,
  oneOf,
  optional,
  orOff,
  path,
  size,
  text,
  type ValueType,
} from '#src/config/value-type.js';

function table<T>(name: string, type: ValueType<T>, rows: readonly (readonly [string, T | typeof invalid])[]): void {
  for (const [given, expected] of rows) {
    test(`${name}: ${JSON.stringify(given.slice(0, 60))}`, (t) => t.deepEqual(type.parse(given), expected));
  }
}

table('integer', integer(0, 255), [
  ['0', 0],
  ['255', 255],
  ['256', invalid],
  ['-1', invalid],
  ['', invalid],
]);
table('duration', durationMs(1000, 60_000), [
  ['1s', 1000],
  ['60', 60_000],
  ['999ms', invalid],
  ['61s', invalid],
]);
table('duration in seconds', durationSeconds(0, 65_535), [
  ['0', 0],
  ['15m', 900],
  ['1500ms', invalid],
  ['65536s', invalid],
]);
table('size', size(1024, 4096), [
  ['1KB', 1024],
  ['4097', invalid],
]);
table('one of', oneOf('a', 'b'), [
  ['a', 'a'],
  ['A', invalid],
  ['', invalid],
]);
table('text', text(3), [
  ['abc', 'abc'],
  ['äö', invalid],
  ['', invalid],
  ['a\0', invalid],
]);
table('path', path('file'), [
  ['etc/certs/cert.pem', 'etc/certs/cert.pem'],
  ['{{ platform_etc_dir }}/certs/cert.pem', 'etc/certs/cert.pem'],
  ['', invalid],
]);
table('optional', optional(integer(1, 2)), [
  ['', undefined],
  ['1', 1],
  ['3', invalid],
]);
table('or off', orOff(integer(1, 2)), [
  ['off', undefined],
  ['2', 2],
  ['', invalid],
]);
table('list', list(ipAddress()), [
  ['::1, 10.0.0.1', ['::1', '10.0.0.1']],
  ['10.0.0.1, x', invalid],
  ['', invalid],
]);
table('IPv4 address', ipAddress(4), [
  ['255.255.255.255', '255.255.255.255'],
  ['::1', invalid],
]);
table('listeners', listeners, [
  ['off', []],
  ['1883', [{ host: '0.0.0.0', port: 1883 }]],
  [
    '1883, [::]:1883',
    [
      { host: '0.0.0.0', port: 1883 },
      { host: '::', port: 1883 },
    ],
  ],
  ['1883, x', invalid],
  ['', invalid],
]);
table('verify', verify, [
  ['verify_none', false],
  ['verify_peer', true],
  ['on', invalid],
]);
table('forwarders', forwarders, [
  ['off', 'none'],
  ['any', 'any'],
  [
    '10.0.0.7, fd00::/8',
    [
      { family: 'ipv4', address: '10.0.0.7', prefix: 32 },
      { family: 'ipv6', address: 'fd00::', prefix: 8 },
    ],
  ],
  ['10.0.0.0/33', invalid],
  ['10.0.0.0/8/8', invalid],
  ['10.0.0.0/', invalid],
  ['host', invalid],
  ['', invalid],
]);
table('auto observe', autoObserve, [
  ['off', 'off'],
  ['true', 'on'],
  ['/3/0, /3303, /3/0/9', ['/3/0', '/3303', '/3/0/9']],
  ['/65535', invalid],
  ['/3/0/9/1', invalid],
  ['3/0', invalid],
  ['/03', invalid],
  ['', invalid],
]);
table('topic name', topicName, [
  ['/a/b c', '/a/b c'],
  ['a/+', invalid],
  ['a#', invalid],
  ['', invalid],
  ['ä'.repeat(32_768), invalid],
]);
table('topic filter', topicFilter, [
  ['dn/#', 'dn/#'],
  ['+/a/#', '+/a/#'],
  ['#', '#'],
  ['a/#/b', invalid],
  ['a#', invalid],
  ['a+/b', invalid],
  ['', invalid],
]);
table('topic prefix', topicPrefix, [
  ['', ''],
  ['lwm2m/%e/', 'lwm2m/%e/'],
  ['+/', invalid],
]);
table('multicast group', multicastGroup, [
  ['224.0.18.83', '224.0.18.83'],
  ['239.255.255.255', '239.255.255.255'],
  ['ff05::1883', 'ff05::1883'],
  ['240.0.0.1', invalid],
  ['fe80::1', invalid],
]);
table('broker URL', brokerUrl, [
  ['mqtt://host:1883', 'mqtt://host:1883'],
  ['mqtts://u:p@host', 'mqtts://u:p@host'],
  ['ws://[::1]:8083/mqtt', 'ws://[::1]:8083/mqtt'],
  ['http://host', invalid],
  ['mqtt://', invalid],
  ['host:1883', invalid],
]);

test('no text makes the type of any key throw', (t) => {
  const types = confFiles.flatMap((file) => keysOf(file).map(({ type }) => type));
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\d.:/,a-f[\]%+#]*$/), fc.webUrl()), (text) => {
      for (const type of types) type.parse(text);
    }),
  );
  t.pass();
});
