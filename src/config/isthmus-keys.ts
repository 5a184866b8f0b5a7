import { type ConfFile, hidden, hiddenUserinfo, key } from './key.js';
import { brokerUrl, statsTopic, verify } from './protocol-types.js';
import { durationSeconds, flag, integer, listeners, oneOf, optional, orOff, path, size, text } from './value-type.js';

const day = 86_400;

const broker = {
  mode: key(
    'broker.mode',
    oneOf('embedded', 'external'),
    'embedded',
    'The broker between devices and applications: the one inside, or another one at broker.url.',
    { feature: 'externalBroker', without: 'embedded' },
  ),
  url: key('broker.url', optional(brokerUrl), '', 'Where the external broker is.', {
    example: 'mqtt://broker.example.org:1883',
    feature: 'externalBroker',
    mask: hiddenUserinfo,
  }),
  sysInterval: key(
    'broker.sys_interval',
    orOff(durationSeconds(1, day)),
    '10s',
    'How often the embedded broker tells about itself under $SYS/broker/, and the gateway under broker.stats_topic.',
    { feature: 'systemTopics', without: '10s' },
  ),
};

const brokerExternal = {
  version: key(
    'broker.mqtt_version',
    oneOf('auto', '5', '3.1.1'),
    'auto',
    'The MQTT spoken with the external broker; auto is 5 where the broker takes it.',
    { feature: 'externalBroker' },
  ),
  clientId: key(
    'broker.client_id',
    text(),
    '%c',
    'Client id of a device at the external broker: %c is its own client id or endpoint name, %u its user name.',
    { example: 'plant7-%c', feature: 'externalBroker' },
  ),
  username: key(
    'broker.username',
    optional(text()),
    '',
    'User name of the gateway, and of every device that has none of its own; %c is the client id.',
    { example: 'isthmus', feature: 'externalBroker' },
  ),
  password: key('broker.password', optional(text()), '', 'Password that goes with it; %c and %u may be in it.', {
    example: 'secret',
    feature: 'externalBroker',
    mask: hidden,
  }),
  gatewayName: key(
    'broker.gateway_name',
    optional(text(200)),
    '',
    "Begins the client ids of the gateway's own connections; different for each gateway of a broker. By default one of its own at every start.",
    { example: 'isthmus-1', feature: 'externalBroker' },
  ),
  connectRate: key(
    'broker.connect_rate',
    integer(1, 100_000),
    '200',
    'Connections to the external broker begun in a second, at most.',
    { feature: 'externalBroker' },
  ),
  keepAlive: key(
    'broker.keepalive',
    durationSeconds(5, 65_535),
    '1m',
    'How long a connection to the external broker may be silent before it is looked after.',
    { feature: 'externalBroker' },
  ),
  sessionExpiry: key(
    'broker.session_expiry',
    durationSeconds(1, 3650 * day),
    '2h',
    'How long an MQTT 5 broker keeps the session of a device that is away.',
    { feature: 'externalBroker' },
  ),
  statsTopic: key(
    'broker.stats_topic',
    optional(statsTopic),
    '',
    'Topic at the external broker below which the gateway tells how it is, retained; different for each gateway.',
    { example: 'isthmus/gateway-1', feature: 'externalBroker' },
  ),
  caFile: key(
    'broker.url.cacertfile',
    optional(path('file')),
    '',
    "Certificates in PEM that the external broker's is checked against; the system's when there is none.",
    { example: 'etc/certs/cacert.pem', feature: 'externalBroker' },
  ),
  certFile: key(
    'broker.url.certfile',
    optional(path('file')),
    '',
    'Certificate chain in PEM with which the gateway shows itself to the external broker.',
    { example: 'etc/certs/gateway.pem', feature: 'externalBroker' },
  ),
  keyFile: key('broker.url.keyfile', optional(path('file')), '', 'Private key of that certificate in PEM.', {
    example: 'etc/certs/gateway-key.pem',
    feature: 'externalBroker',
  }),
  verify: key(
    'broker.url.verify',
    verify,
    'verify_peer',
    'Whether the external broker must show a valid certificate for its name; with verify_none anybody can pose as it.',
    { feature: 'externalBroker' },
  ),
};

const brokerListeners = {
  tcp: key('broker.listener.tcp', listeners, '0.0.0.0:1883', 'Where the embedded broker takes MQTT over TCP.', {
    example: '0.0.0.0:1883, [::]:1883',
  }),
  tls: key(
    'broker.listener.tls',
    listeners,
    'off',
    'Where it takes MQTT over TLS; needs broker.tls.certfile and keyfile.',
    {
      example: '0.0.0.0:8883',
      feature: 'tlsListeners',
    },
  ),
  ws: key('broker.listener.ws', listeners, 'off', 'Where it takes MQTT over WebSocket, on path /mqtt.', {
    example: '0.0.0.0:8083',
    feature: 'websocketListeners',
  }),
  wss: key(
    'broker.listener.wss',
    listeners,
    'off',
    'Where it takes MQTT over WebSocket with TLS, on path /mqtt; needs broker.tls.certfile and keyfile.',
    { example: '0.0.0.0:8084', feature: 'websocketListeners' },
  ),
};

const brokerTls = {
  certFile: key(
    'broker.tls.certfile',
    optional(path('file')),
    '',
    "Certificate chain for the tls and wss listeners in PEM, the broker's own certificate first.",
    { example: 'etc/certs/cert.pem', feature: 'tlsListeners' },
  ),
  keyFile: key('broker.tls.keyfile', optional(path('file')), '', 'Private key of that certificate in PEM.', {
    example: 'etc/certs/key.pem',
    feature: 'tlsListeners',
  }),
  caFile: key(
    'broker.tls.cacertfile',
    optional(path('file')),
    '',
    "Certificates in PEM that clients' certificates are checked against.",
    { example: 'etc/certs/cacert.pem', feature: 'tlsListeners' },
  ),
  verify: key(
    'broker.tls.verify',
    verify,
    'verify_none',
    'Whether a client must show a valid certificate; verify_peer needs cacertfile.',
    { feature: 'tlsListeners' },
  ),
};

const brokerAccess = {
  allowAnonymous: key('broker.allow_anonymous', flag, 'true', 'Let clients in that give no user name.', {
    feature: 'passwords',
    without: 'true',
  }),
  passwordFile: key(
    'broker.password_file',
    optional(path('file')),
    '',
    'Users and the hashes of their passwords, a line user:hash each, made by "isthmus passwd".',
    { example: 'etc/passwd', feature: 'passwords' },
  ),
  aclFile: key(
    'broker.acl_file',
    optional(path('file')),
    '',
    "Who may publish and subscribe to what, in mosquitto's syntax: user, topic and pattern lines, %u and %c.",
    { example: 'etc/acl', feature: 'accessControl' },
  ),
};

const brokerLimits = {
  maxConnections: key(
    'broker.max_connections',
    integer(1, 10_000_000),
    '100000',
    'MQTT connections at once, of all listeners together; fewer where the limit of open files is lower.',
    {
      feature: 'connectionLimits',
    },
  ),
  maxPacketSize: key(
    'broker.max_packet_size',
    size(128, 268_435_455),
    '1MB',
    'Longest MQTT packet that a client may send.',
    { feature: 'connectionLimits' },
  ),
  maxClientIdLength: key(
    'broker.max_client_id_length',
    integer(23, 65_535),
    '256',
    'Longest MQTT client id, in bytes.',
  ),
  queueLimit: key(
    'broker.queue_limit',
    integer(1, 1_000_000),
    '1000',
    'Messages kept for one client that is away or slow.',
  ),
  queueTtl: key(
    'broker.queue_ttl',
    orOff(durationSeconds(1, 3650 * day)),
    'off',
    'How long a message is kept for a client that is away; off is for ever.',
    { example: '7d', feature: 'offlineExpiry' },
  ),
  retainedExpiry: key(
    'broker.retained_expiry',
    orOff(durationSeconds(1, 3650 * day)),
    'off',
    'How long a retained message is kept; off is for ever.',
    { example: '30d', feature: 'offlineExpiry' },
  ),
};

const store = {
  dir: key('store.dir', path('folder'), 'data', 'Where sessions, queues and registrations are kept over a restart.', {
    feature: 'durableStore',
  }),
};

const admin = {
  listener: key(
    'admin.listener',
    listeners,
    '127.0.0.1:18083',
    'Where health, metrics and the console are served over HTTP. It has no login: keep it on this machine.',
    { feature: 'admin' },
  ),
};

const log = {
  level: key(
    'log.level',
    oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal'),
    'info',
    'The least level that is written; trace shows every datagram.',
  ),
  format: key(
    'log.format',
    oneOf('auto', 'json', 'pretty'),
    'auto',
    'How lines look: JSON, or for people; auto writes for people on a terminal and JSON elsewhere.',
  ),
};

/** Keys of isthmus.conf. */
export const isthmusKeys = {
  broker,
  brokerExternal,
  brokerListeners,
  brokerTls,
  brokerAccess,
  brokerLimits,
  store,
  admin,
  log,
};

/** isthmus.conf: the broker and the process as a whole. */
export const isthmusFile: ConfFile = {
  name: 'isthmus.conf',
  title: 'Isthmus: the broker and the process as a whole',
  sections: [
    { title: 'Broker', keys: broker },
    { title: 'The external broker', keys: brokerExternal },
    { title: 'Listeners of the embedded broker', keys: brokerListeners },
    { title: 'TLS of the embedded broker', keys: brokerTls },
    { title: 'Who may do what', keys: brokerAccess },
    { title: 'Limits of the embedded broker', keys: brokerLimits },
    { title: 'Store', keys: store },
    { title: 'Administration', keys: admin },
    { title: 'Log', keys: log },
  ],
};
