import test from 'ava';
import { loadFiles } from './etc-dir.js';

const emqx = (prefix: string) => ({
  command: `${prefix}dn/#`,
  response: `${prefix}up/resp`,
  notify: `${prefix}up/notify`,
  register: `${prefix}up/resp`,
  update: `${prefix}up/resp`,
});

const first = (prefix: string) => ({
  command: `${prefix}command`,
  response: `${prefix}response`,
  notify: `${prefix}response`,
  register: undefined,
  update: undefined,
});

const d = 'lwm2m/%e/';
const cases: readonly (readonly [name: string, text: string, topics: readonly object[]])[] = [
  ['both sets by default', '', [first(d), emqx(d)]],
  ['both sets below another mountpoint', 'lwm2m.mountpoint = x/%a/', [first('x/%a/'), emqx('x/%a/')]],
  ['both sets without a mountpoint', 'lwm2m.mountpoint = ""', [first(d), emqx(d)]],
  ['one topic given: that set alone', 'lwm2m.topics.command = dn/#', [emqx(d)]],
  ['names of ones own', 'lwm2m.topics.notify = n', [{ ...emqx(d), notify: `${d}n` }]],
  ['whole topics without a mountpoint', 'lwm2m.topics.command = lwm2m/%e/dn/#', [emqx(d)]],
  [
    'whole topics and an empty mountpoint',
    'lwm2m.mountpoint =\nlwm2m.topics.response = r/%e',
    [{ ...emqx(d), response: 'r/%e' }],
  ],
];

for (const [name, text, topics] of cases) {
  test(`topics: ${name}`, (t) => {
    const { config, lines } = loadFiles(t, { 'emqx_lwm2m.conf': text });
    t.deepEqual(lines, { warnings: [], errors: [] });
    t.deepEqual(config.lwm2m.topics, topics as typeof config.lwm2m.topics);
  });
}
