import type { ExecutionContext } from 'ava';
import { type Gateway, listen, publish, type Running } from './support.js';

/** An MQTT application that talks to one LwM2M device in the CmdID dialect. */
export class Application {
  private readonly t: ExecutionContext;
  private readonly gateway: Gateway;
  private readonly endpoint: string;
  private readonly heard: Running;
  private id = 100;

  private constructor(t: ExecutionContext, gateway: Gateway, endpoint: string, heard: Running) {
    this.t = t;
    this.gateway = gateway;
    this.endpoint = endpoint;
    this.heard = heard;
  }

  /** Subscribed to everything the device says, before it says it. */
  static async of(t: ExecutionContext, gateway: Gateway, endpoint: string): Promise<Application> {
    return new Application(t, gateway, endpoint, await listen(t, gateway, `lwm2m/${endpoint}/#`));
  }

  /** Waits until the gateway has told of the registration, and gives what it told. */
  registered(timeoutMs?: number): Promise<Registered> {
    return this.told('register', timeoutMs);
  }

  /** Sends a command and gives the answer as it came, without its `CmdID` and `Command`, which are checked. */
  async command(command: string, fields: Readonly<Record<string, unknown>>): Promise<string> {
    const id = await this.send(command, fields);
    return this.answer(id, command);
  }

  /** Sends a command; its CmdID, by which answers and notifications can be awaited. */
  async send(command: string, fields: Readonly<Record<string, unknown>>): Promise<number> {
    const id = ++this.id;
    const json = JSON.stringify({ CmdID: id, Command: command, ...fields });
    await publish(this.t, this.gateway, `lwm2m/${this.endpoint}/command`, json, '-q', '1');
    return id;
  }

  /** The answer to this command; the `nth` for notifications, counted from 1. */
  async answer(id: number, command: string, nth = 1): Promise<string> {
    const line = `got lwm2m/${this.endpoint}/response \\d 0 \\{"CmdID":${id},"Command":"${command}",(.*)\\}\n`;
    const [, rest = ''] = await this.heard.waitFor(new RegExp(`(?:${line}[^]*?){${nth}}`));
    return rest;
  }

  /** Waits until the gateway has told of something on the response topic of the other dialect, and gives its data. */
  async told(msgType: string, timeoutMs?: number): Promise<Registered> {
    const line = new RegExp(`^got lwm2m/${this.endpoint}/up/resp \\d 0 (.*"msgType":"${msgType}".*)$`, 'm');
    const [, json = ''] = await this.heard.waitFor(line, timeoutMs);
    return (JSON.parse(json) as { data: Registered }).data;
  }
}

/** What is told of a registration. */
export interface Registered {
  readonly ep: string;
  readonly lt: number;
  readonly lwm2m: string;
  readonly objectList: readonly string[];
}
