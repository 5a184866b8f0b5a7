/**
 * What keys stand for, and whether this version does it. A key of a feature that is not built is known and checked, and
 * warns that it is not supported yet. After changing a line here: `node scripts/config-docs.mjs`.
 */
export const features = {
  externalBroker: true,
  tlsListeners: true,
  websocketListeners: true,
  passwords: true,
  accessControl: true,
  connectionLimits: true,
  offlineExpiry: true,
  durableStore: true,
  systemTopics: true,
  admin: false,
  advertise: true,
  statistics: false,
  qosMinusOne: true,
  snCredentials: true,
  retransmission: true,
  sleepingClients: true,
  sessionExpiry: true,
  sessionLimit: true,
  strangerLimit: true,
  forwarder: true,
  mountpoint: true,
  queueMode: true,
  autoObserve: true,
  updateCondition: true,
  dtls: true,
} satisfies Record<string, boolean>;

/** The name of a feature that keys may wait for. */
export type Feature = keyof typeof features;

/** Which features are built. */
export type Features = Readonly<Record<Feature, boolean>>;
