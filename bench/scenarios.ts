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

const speaksMqtt = (target: Target): boolean => target.driverPort === undefined;
const needsCoap = (target: Target): boolean => target.coapPort !== undefined;

export const scenarios: readonly Scenario[] = [
  { name: 'udp-echo', title: 'UDP echo floor', unit: 'exchange', standard: true, runsOn: speaksMqtt },
  { name: 'sn-up-qos0', title: 'MQTT-SN up, QoS 0', unit: 'message', standard: true, runsOn: speaksMqtt },
  { name: 'sn-up-qos1', title: 'MQTT-SN up, QoS 1', unit: 'message', standard: true, runsOn: speaksMqtt },
  { name: 'sn-down-qos0', title: 'MQTT-SN down, QoS 0', unit: 'message', standard: true, runsOn: speaksMqtt },
  { name: 'sn-down-qos1', title: 'MQTT-SN down, QoS 1', unit: 'message', standard: true, runsOn: speaksMqtt },
  { name: 'coap', title: 'CoAP exchanges', unit: 'exchange', standard: true, runsOn: needsCoap },
  { name: 'lwm2m-read', title: 'LwM2M Read round trips', unit: 'command', standard: true, runsOn: needsCoap },
  { name: 'lwm2m-notify', title: 'LwM2M notifications', unit: 'notification', standard: true, runsOn: needsCoap },
  { name: 'lwm2m-register', title: 'LwM2M registrations', unit: 'registration', standard: true, runsOn: needsCoap },
  { name: 'lwm2m-update', title: 'LwM2M updates', unit: 'update', standard: true, runsOn: needsCoap },
  { name: 'sessions', title: 'Sleeping sessions', unit: 'session', standard: false, runsOn: speaksMqtt },
  { name: 'lwm2m-memory', title: 'LwM2M devices', unit: 'device', standard: false, runsOn: needsCoap },
];

/** Whether a measurement is no rate but what stands in memory; it has one round. */
export const isStanding = (name: ScenarioName): boolean => name === 'sessions' || name === 'lwm2m-memory';
