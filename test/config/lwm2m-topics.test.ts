import test from 'ava';
import { loadFiles } from './etc-dir.js';

const emqx = (prefix = '') => ({
  dialect: 'msgtype',
  command: `${prefix}dn/#`,
  response: `${prefix}up/resp`,
  notify: `${prefix}up/notify`,
  register: `${prefix}up/resp`,
  update: `${prefix}up/resp`,
});

const first = (prefix = '') => ({
  dialect: 'cmdid',
  command: `${prefix}command`,
  response: `${prefix}response`,
  notify: `${prefix}response`,
});

const device = 'lwm2m/%e/';
const cases: readonly (readonly [name: string, text: string, mountpoint: string, topics: readonly object[]])[] = [
  ['both sets by default', '', device, [first(), emqx()]],
  ['both sets below another mountpoint', 'lwm2m.mountpoint = x/%a/', 'x/%a/', [first(), emqx()]],
  ['both sets without a mountpoint', 'lwm2m.mountpoint = ""', '', [first(device), emqx(device)]],
  ['one topic given: that set alone', 'lwm2m.topics.command = dn/#', device, [emqx()]],
  ['names of ones own', 'lwm2m.topics.notify = n', device, [{ ...emqx(), notify: 'n' }]],
  ['whole topics without a mountpoint', 'lwm2m.topics.command = lwm2m/%e/dn/#', '', [emqx(device)]],
  [
    'whole topics and an empty mountpoint',
    'lwm2m.mountpoint =\nlwm2m.topics.response = r/%e',
    '',
    [{ ...emqx(device), response: 'r/%e' }],
  ],
];

for (const [name, text, mountpoint, topics] of cases) {
  test(`topics: ${name}`, (t) => {
    const { config, lines } = loadFiles(t, { 'emqx_lwm2m.conf': text });
    t.deepEqual(lines, { warnings: [], errors: [] });
    t.is(config.lwm2m.mountpoint, mountpoint);
    t.deepEqual(config.lwm2m.topics, topics as typeof config.lwm2m.topics);
  });
}
