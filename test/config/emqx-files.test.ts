import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { type Features, features } from '#src/config/features.js';
import { load } from '#src/config/load.js';
import { shippedXmlDir } from '#src/config/lwm2m-config.js';
import { everyFeature, lines } from './etc-dir.js';

const fixtures = join(import.meta.dirname, '..', '..', '..', 'test', 'config', 'fixtures');
const loadFixture = (name: string, built: Features = features) => {
  const etc = join(fixtures, name);
  const loaded = load(etc, {}, built);
  return { ...loaded, lines: lines(loaded, etc) };
};
const allBuilt = everyFeature(true);

test('the files of EMQX 4.4 load as they are', (t) => {
  const { config, lines } = loadFixture('emqx-4.4', { ...allBuilt, dtls: false });
  t.deepEqual(lines.errors, []);
  t.deepEqual(
    lines.warnings.map((line) => line.replace(/there is no folder \S+;/, 'there is no folder;')),
    [
      'etc/emqx_sn.conf:28: "include" is not followed; put its keys into this file',
      'etc/emqx_lwm2m.conf:34: lwm2m.opts.buffer has no effect: there is no such option of a socket here',
      'etc/emqx_lwm2m.conf:37: lwm2m.opts.read_packets has no effect: there is no such option of a socket here',
      'etc/emqx_lwm2m.conf:42: lwm2m.bind.dtls.1: not supported yet',
      'etc/emqx_lwm2m.conf:46: lwm2m.dtls.keyfile: not supported yet',
      'etc/emqx_lwm2m.conf:47: lwm2m.dtls.certfile: not supported yet',
      'etc/emqx_lwm2m.conf:51: lwm2m.dtls.ciphers: not supported yet',
      'etc/emqx_lwm2m.conf:25: lwm2m.xml_dir: there is no folder; the definitions that ship with Isthmus are used',
    ],
  );
  t.deepEqual(
    [...config.sn.predefinedTopics.all],
    [
      [1, '/predefined/topic/name/hello'],
      [2, '/predefined/topic/name/nice'],
    ],
  );
  t.deepEqual(config.sn.credentials, { username: 'mqtt_sn_user', password: 'abc' });
  t.is(config.sn.advertiseDurationSeconds, 900);
  t.is(config.lwm2m.xmlDir, shippedXmlDir);
  t.is(config.lwm2m.receiveBuffer, 1_048_576);
  t.is(config.lwm2m.topics.length, 1);
  t.is(config.lwm2m.topics[0]?.command, 'dn/#');
  t.is(config.lwm2m.dtls.ciphers?.length, 4);
  t.deepEqual(config.lwm2m.listeners.udp, [{ host: '0.0.0.0', port: 5683 }]);
});

test('with DTLS built, their certificates must have come along', (t) => {
  const { errors } = loadFixture('emqx-4.4', allBuilt).lines;
  t.is(errors.length, 2);
  t.regex(errors.join(), /lwm2m\.dtls\.certfile: cannot be read/);
});

/** The files of a fixture together with the certificates that they name. */
function loadWithCertificates(name: string) {
  const folder = mkdtempSync(join(tmpdir(), 'isthmus-emqx-'));
  cpSync(join(fixtures, name), join(folder, 'etc'), { recursive: true });
  mkdirSync(join(folder, 'etc/certs'));
  for (const file of ['cert.pem', 'key.pem', 'cacert.pem']) writeFileSync(join(folder, 'etc/certs', file), 'here');
  const etc = join(folder, 'etc');
  const loaded = load(etc, {});
  rmSync(folder, { recursive: true });
  return { ...loaded, folder, lines: lines(loaded, etc) };
}

test('the files of EMQX 4.2 load as they are, even from the source tree', (t) => {
  const { config, lines, folder } = loadWithCertificates('emqx-4.2');
  t.deepEqual(lines.errors, []);
  t.is(config.lwm2m.dtls.certFile, join(folder, 'etc/certs/cert.pem'));
  t.true(
    lines.warnings.includes(
      'etc/emqx_lwm2m.conf:7: lwm2m.lb has no effect: EMQX removed it in 4.2, and there is no such proxy here',
    ),
  );
});

test('the four lines of the first days load as they are', (t) => {
  const { config, lines } = loadWithCertificates('seed');
  t.deepEqual(lines.errors, []);
  t.deepEqual(config.lwm2m.listeners.dtls, [{ host: '0.0.0.0', port: 5684 }]);
  t.deepEqual(config.lwm2m.listeners.udp, [{ host: '0.0.0.0', port: 5683 }]);
  t.is(config.lwm2m.topics.length, 2);
  t.is(config.lwm2m.xmlDir, shippedXmlDir);
});

test('a file of EMQX 5 gives one clear error', (t) => {
  const { errors, warnings } = loadFixture('emqx-5').lines;
  t.is(errors.length, 1);
  t.regex(errors[0] ?? '', /^etc\/emqx_sn\.conf:2: this is the HOCON form/);
  t.deepEqual(warnings, []);
});
