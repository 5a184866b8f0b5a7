import type { ScenarioName, Target } from './protocol.js';

/** A measurement as the table shows it. */
export interface Scenario {
  readonly name: ScenarioName;
  readonly title: string;
  /** What one counted unit is. */
  readonly unit: string;
  /** Part of a run that names nothing with `--only`. */
  readonly standard: boolean;
  readonly runsOn: (target: Target) => boolean;
}

const speaksMqtt = (target: Target): boolean => target.applications === undefined;
const needsSn = (target: Target): boolean => speaksMqtt(target) && target.snPort !== undefined;
const needsCoap = (target: Target): boolean => target.coapPort !== undefined;

export const scenarios: readonly Scenario[] = [
  { name: 'udp-echo', title: 'UDP echo floor', unit: 'exchange', standard: true, runsOn: speaksMqtt },
  { name: 'sn-up-qos0', title: 'MQTT-SN up, QoS 0', unit: 'message', standard: true, runsOn: needsSn },
  { name: 'sn-up-qos1', title: 'MQTT-SN up, QoS 1', unit: 'message', standard: true, runsOn: needsSn },
  { name: 'sn-down-qos0', title: 'MQTT-SN down, QoS 0', unit: 'message', standard: true, runsOn: needsSn },
  { name: 'sn-down-qos1', title: 'MQTT-SN down, QoS 1', unit: 'message', standard: true, runsOn: needsSn },
  { name: 'coap', title: 'CoAP exchanges', unit: 'exchange', standard: true, runsOn: needsCoap },
  { name: 'lwm2m-read', title: 'LwM2M Read round trips', unit: 'command', standard: true, runsOn: needsCoap },
  { name: 'lwm2m-notify', title: 'LwM2M notifications', unit: 'notification', standard: true, runsOn: needsCoap },
  { name: 'lwm2m-register', title: 'LwM2M registrations', unit: 'registration', standard: true, runsOn: needsCoap },
  { name: 'lwm2m-update', title: 'LwM2M updates', unit: 'update', standard: true, runsOn: needsCoap },
  { name: 'mqtt-qos0', title: 'MQTT, QoS 0', unit: 'message', standard: false, runsOn: speaksMqtt },
  { name: 'mqtt-qos1', title: 'MQTT, QoS 1', unit: 'message', standard: false, runsOn: speaksMqtt },
  { name: 'mqtt-qos2', title: 'MQTT, QoS 2', unit: 'message', standard: false, runsOn: speaksMqtt },
  { name: 'mqtt-fan', title: 'MQTT, one to many', unit: 'message', standard: false, runsOn: speaksMqtt },
  { name: 'kept-mqtt', title: 'Kept, MQTT to MQTT', unit: 'message', standard: false, runsOn: speaksMqtt },
  { name: 'kept-offline', title: 'Kept, MQTT to who is away', unit: 'message', standard: false, runsOn: speaksMqtt },
  { name: 'kept-sn-up', title: 'Kept, MQTT-SN up', unit: 'message', standard: false, runsOn: needsSn },
  { name: 'kept-sn-down', title: 'Kept, MQTT-SN down', unit: 'message', standard: false, runsOn: needsSn },
  { name: 'kept-sn-asleep', title: 'Kept, MQTT-SN to sleepers', unit: 'message', standard: false, runsOn: needsSn },
  { name: 'crowd', title: 'A crowd', unit: 'client', standard: false, runsOn: () => false },
  { name: 'sessions', title: 'Sleeping sessions', unit: 'session', standard: false, runsOn: needsSn },
  { name: 'lwm2m-memory', title: 'LwM2M devices', unit: 'device', standard: false, runsOn: needsCoap },
];

/** Whether a measurement is no rate but what stands in memory; it has one round. */
export const isStanding = (name: ScenarioName): boolean =>
  name === 'sessions' || name === 'lwm2m-memory' || name === 'crowd';
