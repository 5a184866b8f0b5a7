import { dtlsKeys } from './dtls-keys.js';
import { type ConfFile, hidden, key } from './key.js';
import { forwarders, multicastGroup, topicName, topicPrefix } from './protocol-types.js';
import {
  durationMs,
  durationSeconds,
  flag,
  integer,
  ipAddress,
  list,
  listener,
  listeners,
  optional,
  text,
} from './value-type.js';

const second = 1000;
const hour = 3600 * second;
const day = 24 * hour;

const listening = {
  port: key(
    'mqtt.sn.port',
    listeners,
    '1884',
    'Where MQTT-SN is taken over UDP. Left out beside mqtt.sn.bind.udp.N, only those count.',
    { example: '127.0.0.1:1884' },
  ),
  udp: key('mqtt.sn.bind.udp.<N>', listener, '', 'Further addresses for MQTT-SN over UDP, numbered as you like.', {
    example: '[::]:1884',
  }),
  dtls: key(
    'mqtt.sn.bind.dtls.<N>',
    listener,
    '',
    'Addresses for MQTT-SN over DTLS; needs credentials in mqtt.sn.dtls.',
    {
      example: '0.0.0.0:1885',
      feature: 'dtls',
    },
  ),
};

const discovery = {
  gatewayId: key('mqtt.sn.gateway_id', integer(0, 255), '1', 'The id of this gateway in GWINFO and ADVERTISE.'),
  advertiseDuration: key(
    'mqtt.sn.advertise_duration',
    durationSeconds(1, 65_535),
    '15m',
    'Time between two ADVERTISE messages.',
    { feature: 'advertise' },
  ),
  broadcastAddress: key(
    'mqtt.sn.broadcast_address',
    optional(ipAddress(4)),
    '',
    'Where ADVERTISE is broadcast to; left empty, it is not.',
    { example: '255.255.255.255', feature: 'advertise' },
  ),
  multicastGroup: key(
    'mqtt.sn.multicast_group',
    optional(list(multicastGroup)),
    '',
    'Groups that ADVERTISE is sent to and SEARCHGW is heard on.',
    { example: '224.0.18.83, ff05::1883', feature: 'advertise' },
  ),
  gwinfoMulticast: key(
    'mqtt.sn.gwinfo_multicast',
    flag,
    'off',
    'Answer SEARCHGW to the groups as well as to who asked, so that others near need not ask.',
    { feature: 'advertise' },
  ),
};

const topics = {
  predefined: key(
    'mqtt.sn.predefined.topic.<N>',
    topicName,
    '',
    'The name of predefined topic id N (1..65534) for every client. Id 0 is reserved: its value is passed over.',
    { example: 'plant/temperature' },
  ),
  predefinedOfClient: key(
    'mqtt.sn.predefined.<clientid>.topic.<N>',
    topicName,
    '',
    'The name of predefined topic id N for one client, before that for every client.',
    { example: 'plant/7/temperature' },
  ),
  maxTopics: key('mqtt.sn.max_topics', integer(1, 65_534), '1000', 'Topic ids that one client may have registered.'),
  mountpoint: key(
    'mqtt.sn.mountpoint',
    topicPrefix,
    '',
    "Put in front of every topic on the broker's side; %c is the client id, %u the user name.",
    { example: 'sn/%c/', feature: 'mountpoint' },
  ),
};

const sessions = {
  idleTimeout: key(
    'mqtt.sn.idle_timeout',
    durationMs(second, day),
    '30s',
    'How long a client that has not finished its CONNECT is waited for.',
  ),
  sessionExpiry: key(
    'mqtt.sn.session_expiry',
    durationMs(second, 3650 * day),
    '2h',
    'How long the session of a client that is gone is kept, unless it asked for a clean one.',
    { feature: 'sessionExpiry' },
  ),
  maxSessions: key('mqtt.sn.max_sessions', integer(1, 10_000_000), '1000000', 'Clients at once, asleep or not.', {
    feature: 'sessionLimit',
  }),
  maxClientIdLength: key(
    'mqtt.sn.max_client_id_length',
    integer(1, 65_535),
    '128',
    'Longest client id that is let in, in bytes; the specification speaks of 23.',
  ),
  sleepQueueLimit: key(
    'mqtt.sn.sleep_queue_limit',
    integer(1, 60_000),
    '1000',
    'Messages kept for one sleeping client.',
    { feature: 'sleepingClients' },
  ),
  enableStats: key('mqtt.sn.enable_stats', flag, 'off', 'Keep numbers of each client, for the administration.', {
    feature: 'statistics',
  }),
  enableQos3: key('mqtt.sn.enable_qos3', flag, 'off', 'Take PUBLISH with QoS -1 from clients without a session.', {
    feature: 'qosMinusOne',
  }),
};

const delivery = {
  retryInterval: key(
    'mqtt.sn.retry_interval',
    durationMs(100, hour),
    '10s',
    "How long a client's acknowledgement is waited for before the message is sent again.",
    { feature: 'retransmission' },
  ),
  retryCount: key(
    'mqtt.sn.retry_count',
    integer(0, 100),
    '3',
    'How often a message is sent again before the client counts as lost.',
    { feature: 'retransmission' },
  ),
  maxInflight: key(
    'mqtt.sn.max_inflight',
    integer(1, 65_535),
    '1',
    'QoS 1 and 2 messages on their way to one client at once; the specification allows one unless the client can take more.',
  ),
};

const access = {
  username: key(
    'mqtt.sn.username',
    optional(text()),
    '',
    'User name at the broker of clients that have none of their own.',
    {
      example: 'mqtt_sn_user',
      feature: 'snCredentials',
    },
  ),
  password: key('mqtt.sn.password', optional(text()), '', 'Password that goes with it.', {
    example: 'abc',
    feature: 'snCredentials',
    mask: hidden,
  }),
  usernameOfClient: key('mqtt.sn.auth.<clientid>.username', text(), '', 'User name at the broker of one client.', {
    example: 'pump',
    feature: 'snCredentials',
  }),
  passwordOfClient: key('mqtt.sn.auth.<clientid>.password', text(), '', 'Password at the broker of one client.', {
    example: 'abc',
    feature: 'snCredentials',
    mask: hidden,
  }),
  forwarder: key(
    'mqtt.sn.forwarder',
    forwarders,
    'off',
    'Who may forward for wireless nodes by forwarder encapsulation.',
    { example: '10.0.0.7', feature: 'forwarder' },
  ),
  strangerRate: key(
    'mqtt.sn.stranger_rate',
    integer(1, 1_000_000),
    '100',
    'Packets outside of a session that are answered per second and source address.',
    { feature: 'strangerLimit' },
  ),
};

const dtls = dtlsKeys('mqtt.sn.dtls');

/** Keys of emqx_sn.conf. */
export const snKeys = { listening, discovery, topics, sessions, delivery, access, dtls };

/** emqx_sn.conf: MQTT-SN. */
export const snFile: ConfFile = {
  name: 'emqx_sn.conf',
  title: 'MQTT-SN',
  sections: [
    { title: 'Listeners', keys: listening },
    { title: 'Discovery', keys: discovery },
    { title: 'Topics', keys: topics },
    { title: 'Sessions', keys: sessions },
    { title: 'Delivery', keys: delivery },
    { title: 'Who may do what', keys: access },
    { title: 'DTLS', keys: dtls },
  ],
};
