/** What can be measured. */
export type ScenarioName =
  | 'udp-echo'
  | 'mqtt-qos0'
  | 'mqtt-qos1'
  | 'mqtt-qos2'
  | 'mqtt-fan'
  | 'kept-mqtt'
  | 'kept-offline'
  | 'kept-sn-up'
  | 'kept-sn-down'
  | 'kept-sn-asleep'
  | 'sn-up-qos0'
  | 'sn-up-qos1'
  | 'sn-down-qos0'
  | 'sn-down-qos1'
  | 'coap'
  | 'lwm2m-read'
  | 'lwm2m-notify'
  | 'lwm2m-register'
  | 'lwm2m-update'
  | 'sessions'
  | 'lwm2m-memory'
  | 'crowd';

/** How applications reach an LwM2M server without MQTT: the lines of a driver, or the HTTP of Leshan's demo server. */
export interface Applications {
  readonly by: 'driver' | 'leshan';
  readonly port: number;
}

/** A gateway under measurement, or the echo server (then only `snPort` is used). */
export interface Target {
  readonly name: string;
  readonly host: string;
  /** Undefined: a plain MQTT broker. */
  readonly snPort: number | undefined;
  readonly mqttPort: number;
  /** Undefined: this gateway speaks no CoAP, so those measurements leave it out. */
  readonly coapPort: number | undefined;
  /** An LwM2M server that speaks no MQTT: where its applications are served instead, and only LwM2M is measured. */
  readonly applications?: Applications;
  /** Processes whose CPU time and memory are the gateway's; empty when unknown. */
  readonly pids: readonly number[];
}

/** One round, as the main process asks the generator for it. */
export interface Job {
  readonly scenario: ScenarioName;
  readonly target: Target;
  readonly warmupMs: number;
  readonly measureMs: number;
  readonly clients: number;
  /** MQTT subscribers among whom the publishers are shared out. */
  readonly subscribers: number;
  readonly window: number;
  readonly payload: number;
  readonly sessions: number;
  /** How long the registered devices of `lwm2m-memory` stay silent before they are looked at again. */
  readonly idleMs: number;
}

/** What a generator counted in one round. */
export interface Counted {
  /** Messages that went the whole way within the measured time. */
  readonly completed: number;
  /** Messages that never came out, or were answered with an error. */
  readonly lost: number;
  /** Messages that came out more than once. */
  readonly duplicates: number;
  readonly ms: number;
  /** CPU time the generator itself used. */
  readonly cpuMs: number;
}

/**
 * Generator to main process. `phase` marks when counting starts and ends, so that main can read the gateway's CPU time;
 * before `restarted` main kills the gateway and starts it again. Main answers each phase with any message.
 */
export type FromGenerator =
  | { readonly kind: 'phase'; readonly phase: string }
  | { readonly kind: 'counted'; readonly counted: Counted }
  | { readonly kind: 'failed'; readonly message: string };
