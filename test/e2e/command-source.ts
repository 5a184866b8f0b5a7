import type { ExecutionContext } from 'ava';
import mqtt, { type MqttClient } from 'mqtt';
import type { GatewayProcess } from '../support/gateway-process.js';

/**
 * An application that sends one command after the other to a device, Reads and Executes by turns, as fast as they are
 * acknowledged. Its connection comes back by itself.
 */
export class CommandSource {
  /** Ids of the commands whose publications were acknowledged. */
  readonly acknowledged: string[] = [];
  /** The id of the command that is not acknowledged yet. */
  pending = '';
  private readonly client: MqttClient;
  private readonly endpoint: string;
  private going = true;
  private ended: Promise<void> = Promise.resolve();

  private constructor(client: MqttClient, endpoint: string) {
    this.client = client;
    this.endpoint = endpoint;
  }

  static begin(t: ExecutionContext, { mqttPort }: GatewayProcess, endpoint: string): CommandSource {
    const clientId = `source of ${endpoint}`;
    const client = mqtt.connect(`mqtt://127.0.0.1:${mqttPort}`, { clientId, clean: false, reconnectPeriod: 50 });
    t.teardown(() => client.end(true));
    client.on('error', () => {});
    const source = new CommandSource(client, endpoint);
    source.ended = source.run();
    return source;
  }

  /** Sends no further command; resolves when the last one is acknowledged. */
  stop(): Promise<void> {
    this.going = false;
    return this.ended;
  }

  private async run(): Promise<void> {
    for (let n = 0; this.going; n += 1) {
      const id = `${this.endpoint} ${n}`;
      const [msgType, data] = n % 2 === 0 ? ['read', { path: '/3/0/0' }] : ['execute', { path: '/3/0/4', args: id }];
      this.pending = id;
      await this.client.publishAsync(`lwm2m/${this.endpoint}/dn/dm`, JSON.stringify({ reqID: id, msgType, data }), {
        qos: 1,
      });
      this.acknowledged.push(id);
    }
  }
}
