import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { lineOf } from './mqtt-broker.js';

/** A real MQTT client that keeps what it receives. */
export class TestClient {
  readonly mqtt: MqttClient;
  readonly received: string[] = [];
  /** Whether the broker had a session of this client. */
  sessionPresent = false;
  private wake: (() => void) | undefined;

  private constructor(client: MqttClient) {
    this.mqtt = client;
    client.on('connect', (connack) => {
      this.sessionPresent = connack.sessionPresent;
    });
    client.on('message', (topic, payload, { qos, retain }) => {
      this.received.push(lineOf({ topic, payload, qos, retain }));
      this.wake?.();
    });
  }

  /** Connects once, or rejects. */
  static async connect(url: string, clientId: string, options: IClientOptions = {}): Promise<TestClient> {
    const client = mqtt.connect(url, { clientId, reconnectPeriod: 0, connectTimeout: 20_000, ...options });
    const test = new TestClient(client);
    await new Promise<void>((resolve, reject) => {
      client.once('connect', () => resolve());
      client.once('error', reject);
      client.once('close', () => reject(new Error('connection closed')));
    });
    client.on('error', () => {});
    return test;
  }

  /** Waits until so many messages have come; gives them as `topic qos retain payload`. */
  async messages(count: number, timeoutMs = 3000): Promise<string[]> {
    const until = Date.now() + timeoutMs;
    while (this.received.length < count && Date.now() < until) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, until - Date.now());
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.received;
  }

  /** Resolves when the broker has closed the connection. */
  closed(): Promise<void> {
    if (this.mqtt.disconnected) return Promise.resolve();
    return new Promise((resolve) => this.mqtt.once('close', () => resolve()));
  }

  /** Ends without a DISCONNECT, as a lost network does. */
  break(): void {
    this.mqtt.stream.destroy();
  }
}
