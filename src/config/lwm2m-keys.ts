import { dtlsKeys } from './dtls-keys.js';
import { type ConfFile, key } from './key.js';
import { autoObserve, topicFilter, topicName, topicPrefix } from './protocol-types.js';
import {
  durationMs,
  durationSeconds,
  flag,
  integer,
  invalid,
  list,
  listener,
  listeners,
  oneOf,
  optional,
  path,
  size,
  text,
  type ValueType,
} from './value-type.js';

const second = 1000;
const hour = 3600 * second;
const day = 24 * hour;
const maxLifetime = 2 ** 32 - 1;

/** EMQX's older word for the one condition. */
const publishUpdateWhen: ValueType<'contains_object_list' | 'always'> = {
  allowed: 'object_list_changed | always',
  parse(word) {
    if (word === 'always') return 'always';
    return word === 'object_list_changed' ? 'contains_object_list' : invalid;
  },
};

const listening = {
  port: key(
    'lwm2m.port',
    listeners,
    '5683',
    'Where CoAP is taken over UDP; DTLS listens one port above once a credential is configured. Left out beside lwm2m.bind.udp.N, only those count.',
    { example: '127.0.0.1:5683' },
  ),
  udp: key('lwm2m.bind.udp.<N>', listener, '', 'Further addresses for CoAP over UDP, numbered as you like.', {
    example: '[::]:5683',
  }),
  dtls: key(
    'lwm2m.bind.dtls.<N>',
    listener,
    '',
    'Addresses for CoAP over DTLS, instead of one port above each UDP address.',
    { example: '0.0.0.0:5684', feature: 'dtls' },
  ),
  recbuf: key('lwm2m.opts.recbuf', optional(size(1024, 2 ** 30)), '', 'Receive buffer of each UDP socket.', {
    example: '1024KB',
  }),
  sndbuf: key('lwm2m.opts.sndbuf', optional(size(1024, 2 ** 30)), '', 'Send buffer of each UDP socket.', {
    example: '1024KB',
  }),
  otherOpts: key('lwm2m.opts.<name>', text(), '', 'Other socket options of EMQX, known so that old files load.', {
    example: '1024KB',
    retired: 'there is no such option of a socket here',
  }),
  lb: key('lwm2m.lb', text(), '', 'Known so that old files load.', {
    example: 'coaproxy',
    retired: 'EMQX removed it in 4.2, and there is no such proxy here',
  }),
};

const objects = {
  xmlDir: key(
    'lwm2m.xml_dir',
    optional(path('folder')),
    '',
    "Folder of object definitions in OMA's XML; left empty, the lwm2m_xml folder that ships with Isthmus.",
    { example: 'etc/lwm2m_xml' },
  ),
};

const registration = {
  lifetimeMin: key(
    'lwm2m.lifetime_min',
    durationSeconds(0, maxLifetime),
    '1s',
    'Shortest lifetime that a device may register with.',
  ),
  lifetimeMax: key(
    'lwm2m.lifetime_max',
    durationSeconds(0, maxLifetime),
    '86400s',
    'Longest lifetime that a device may register with.',
  ),
  updateCondition: key(
    'lwm2m.update_msg_publish_condition',
    oneOf('contains_object_list', 'always'),
    'contains_object_list',
    'Which registration updates are published: those with an object list, or all.',
    { feature: 'updateCondition' },
  ),
  publishUpdateWhen: key(
    'lwm2m.publish_update_when',
    optional(publishUpdateWhen),
    '',
    'The name that some releases of EMQX 4.3 give to lwm2m.update_msg_publish_condition.',
    { example: 'always', feature: 'updateCondition' },
  ),
  autoObserve: key(
    'lwm2m.auto_observe',
    autoObserve,
    'off',
    'What is observed on each device as soon as it registers: nothing, all objects it names, or these paths.',
    { example: '/3/0, /3303', feature: 'autoObserve' },
  ),
  rebindOnUdp: key(
    'lwm2m.rebind_on_udp',
    flag,
    'on',
    'Whether a registration made over plain UDP follows its device to another address, as behind NAT; the location is all that shows whose an update is.',
  ),
  publishedParameters: key(
    'lwm2m.published_parameters',
    optional(list(text(64))),
    '',
    'Parameters of a registration that are published beside ep, lt, lwm2m, b, sms and Q.',
    { example: 'apn, im' },
  ),
  psmApns: key(
    'lwm2m.psm_apns',
    optional(list(text(256))),
    '',
    'Access points (parameter apn of a registration) whose devices save power and are treated as in queue mode.',
    { example: 'psm.iot', feature: 'queueMode' },
  ),
};

const commands = {
  commandTimeout: key(
    'lwm2m.command_timeout',
    durationMs(second, day),
    '93s',
    'How long a device may be silent on a command before that is answered with a timeout; a body in blocks is as many waits.',
  ),
  qmodeTimeWindow: key(
    'lwm2m.qmode_time_window',
    durationMs(0, day),
    '93s',
    'How long a device in queue mode listens after its last packet; afterwards commands wait until it is heard again.',
    { feature: 'queueMode' },
  ),
  queueLimit: key('lwm2m.queue_limit', integer(1, 1_000_000), '100', 'Commands that wait for one device.', {
    feature: 'queueMode',
  }),
  queueTtl: key(
    'lwm2m.queue_ttl',
    durationMs(second, 3650 * day),
    '86400s',
    'How long a command waits before it is answered as expired.',
    { feature: 'queueMode' },
  ),
};

const topicWords =
  'Without any lwm2m.topics key, command and response are used beside dn/#, up/resp and up/notify; with one, only these.';

const topics = {
  mountpoint: key(
    'lwm2m.mountpoint',
    topicPrefix,
    'lwm2m/%e/',
    'Put in front of every topic; %e is the endpoint name, %a the IP address of the device.',
  ),
  command: key('lwm2m.topics.command', optional(topicFilter), '', `Where commands are taken. ${topicWords}`, {
    example: 'dn/#',
  }),
  response: key('lwm2m.topics.response', optional(topicName), '', 'Where answers are published.', {
    example: 'up/resp',
  }),
  notify: key('lwm2m.topics.notify', optional(topicName), '', 'Where notifications are published.', {
    example: 'up/notify',
  }),
  register: key('lwm2m.topics.register', optional(topicName), '', 'Where registrations are published.', {
    example: 'up/resp',
  }),
  update: key('lwm2m.topics.update', optional(topicName), '', 'Where updates of registrations are published.', {
    example: 'up/resp',
  }),
};

const shortForm = {
  certFile: key(
    'lwm2m.certfile',
    optional(path('file')),
    '',
    'The same as lwm2m.dtls.certfile, which goes before it.',
    {
      example: 'etc/certs/cert.pem',
      feature: 'dtls',
    },
  ),
  keyFile: key('lwm2m.keyfile', optional(path('file')), '', 'The same as lwm2m.dtls.keyfile, which goes before it.', {
    example: 'etc/certs/key.pem',
    feature: 'dtls',
  }),
};

const dtls = dtlsKeys('lwm2m.dtls');

/** Keys of emqx_lwm2m.conf. */
export const lwm2mKeys = { listening, objects, registration, commands, topics, shortForm, dtls };

/** emqx_lwm2m.conf: LwM2M and CoAP. */
export const lwm2mFile: ConfFile = {
  name: 'emqx_lwm2m.conf',
  title: 'LwM2M',
  sections: [
    { title: 'Listeners', keys: listening },
    { title: 'Object definitions', keys: objects },
    { title: 'Registration', keys: registration },
    { title: 'Commands', keys: commands },
    { title: 'Topics', keys: topics },
    { title: 'DTLS, short form', keys: shortForm },
    { title: 'DTLS', keys: dtls },
  ],
};
