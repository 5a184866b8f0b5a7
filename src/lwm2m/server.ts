import type { BrokerPort } from '../broker/port.js';
import { BrokerRefusal } from '../broker/port.js';
import type { CoapEndpoint, CoapReply, CoapRequest } from '../coap/types.js';
import type { Clock } from '../core/clock.js';
import type { Peer } from '../core/datagram.js';
import { mayUseName } from '../core/identity.js';
import type { Log } from '../core/log.js';
import type { Counter, Metrics } from '../core/metrics.js';
import type { RandomBytes } from '../core/random.js';
import { Applications } from './applications.js';
import { type DefinitionSource, Device } from './device.js';
import { Downlink } from './downlink.js';
import { type EndReason, endEvent, registrationEvent, sendEvent, wakefulnessEvent } from './events.js';
import type { Journal } from './journal.js';
import { Observing } from './observing.js';
import type { Lwm2mOptions } from './options.js';
import { Presence, type Wakefulness } from './presence.js';
import { Refusals } from './refusals.js';
import { parseRegister, parseUpdate, type Refusal, updated } from './registration.js';
import { isOwner, mayReplace, newRegistrationId, Registrations } from './registrations.js';
import { Restart } from './restart.js';
import { readSend } from './send.js';
import type { TopicTemplate } from './topics.js';

/** What an Lwm2mServer is made of. */
export interface Lwm2mServerParts {
  readonly options: Lwm2mOptions;
  /** One for each address and for each kind of transport. */
  readonly endpoints: readonly CoapEndpoint[];
  readonly broker: BrokerPort;
  readonly definitions: DefinitionSource;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** LwM2M devices on one side, MQTT topics on the other [LWM2M 6]. */
export class Lwm2mServer {
  private readonly parts: Lwm2mServerParts;
  private readonly registrations: Registrations<Device>;
  private readonly applications: Applications;
  private readonly presence: Presence;
  private readonly observing: Observing;
  private readonly downlink: Downlink;
  /** The newest attempt of each endpoint whose link is being opened. */
  private readonly opening = new Map<string, object>();
  private readonly refusals: Refusals;
  private readonly registered: Counter;
  private readonly updated: Counter;
  private readonly expired: Counter;
  private running = false;

  /** Throws an IsthmusError `CONFIG` when the topics make no sense. */
  constructor(parts: Lwm2mServerParts) {
    const { options, clock, journal, log, metrics } = parts;
    this.parts = parts;
    this.refusals = new Refusals(log, clock, metrics);
    this.registered = metrics.counter('lwm2m.registrations');
    this.updated = metrics.counter('lwm2m.updates');
    this.expired = metrics.counter('lwm2m.expired');
    this.registrations = new Registrations(clock, (device) => {
      this.expired.value++;
      this.ended(device, 'expired');
    });
    this.applications = new Applications({
      ...parts,
      deviceOf: (endpoint) => this.registrations.of(endpoint),
      command: (device, command, taken) => this.downlink.accept(device, command, taken),
      ended: (device, reason) => this.linkEnded(device, reason),
    });
    this.presence = new Presence(clock, options.qmodeTimeWindowMs, (device, to) => this.turned(device, to));
    const publish = (device: Device, topic: TopicTemplate, payload: string, done?: () => void): void =>
      this.applications.publish(device, topic, payload, false, done);
    this.observing = new Observing({
      options,
      clock,
      metrics,
      journal,
      publish,
      heard: (device, from) => this.heard(device, device.coap, from),
    });
    this.downlink = new Downlink({
      options,
      clock,
      log,
      journal,
      presence: this.presence,
      observing: this.observing,
      publish,
      reply: (device, to, payload) => this.applications.reply(device, to, payload),
      learned: (device) => this.save(device),
    });
  }

  /** How many devices are registered. */
  get size(): number {
    return this.registrations.size;
  }

  /** Registrations, those in queue mode apart from the others, and commands that wait. A look at each of them. */
  get counts(): { readonly online: number; readonly awake: number; readonly asleep: number; readonly queued: number } {
    const counts = { online: 0, awake: 0, asleep: 0, queued: 0 };
    for (const { registration, asleep, commands } of this.registrations.all()) {
      if (!registration.queueMode) counts.online++;
      else if (asleep) counts.asleep++;
      else counts.awake++;
      counts.queued += commands.length;
    }
    return counts;
  }

  /** Takes up what the store has kept, connects to the broker and serves devices. Rejects when one cannot be had. */
  async start(): Promise<void> {
    if (this.running) return;
    this.running = true;
    try {
      // Known before the first command comes; what comes for them waits until their endpoints are there.
      const restart = new Restart({
        ...this.parts,
        registrations: this.registrations,
        applications: this.applications,
        presence: this.presence,
        observing: this.observing,
        downlink: this.downlink,
      });
      await restart.recall();
      await this.applications.start();
      for (const coap of this.parts.endpoints) {
        await coap.start((request, peer) => this.handle(coap, request, peer));
        restart.bind(coap);
      }
      restart.takeUp();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Stops serving; devices are not told, and find themselves unknown at their next update. */
  async stop(): Promise<void> {
    if (!this.running) return;
    this.running = false;
    this.downlink.stop(this.registrations.all());
    for (const coap of this.parts.endpoints) await coap.stop();
    this.presence.stop();
    this.applications.leave(this.registrations.all());
    this.registrations.clear();
    this.applications.stop();
  }

  private handle(coap: CoapEndpoint, request: CoapRequest, peer: Peer): CoapReply | Promise<CoapReply> {
    const [first, id, ...more] = request.path;
    if (first === 'dp' && id === undefined)
      return request.method === 'POST' ? this.send(coap, request, peer) : { code: '4.05' };
    if (first !== 'rd' || more.length > 0) return { code: '4.04' };
    if (id === undefined) return request.method === 'POST' ? this.register(coap, request, peer) : { code: '4.05' };
    const device = this.registrations.withId(id);
    if (device === undefined || !isOwner(device.peer, peer, this.parts.options.rebindOnUdp)) return { code: '4.04' };
    if (request.method === 'DELETE') return this.deregister(device);
    return request.method === 'POST' ? this.update(device, coap, request, peer) : { code: '4.05' };
  }

  /** Keeps what is known of a registered device; resolves when that would survive a crash. */
  private saved(device: Device): Promise<void> {
    this.save(device);
    return this.stored();
  }

  private save(device: Device): void {
    if (this.registrations.withId(device.id) === device) this.parts.journal.saveRegistration(device);
  }

  private stored(): Promise<void> {
    return new Promise((resolve) => this.parts.journal.stored(resolve));
  }

  private async register(coap: CoapEndpoint, request: CoapRequest, peer: Peer): Promise<CoapReply> {
    const { options, definitions, randomBytes } = this.parts;
    const parsed = parseRegister(request.query, request.payload, options);
    if (parsed.kind === 'refused') return refusal(parsed, request);
    const { registration, credentials } = parsed;
    const { endpoint } = registration;
    const refused = this.refusalOf(endpoint, peer);
    if (refused !== undefined) {
      this.refusals.add(refused, endpoint, peer);
      return { code: '4.03' };
    }
    const device = new Device(newRegistrationId(randomBytes), registration, peer, coap, definitions);
    device.credentials = credentials;
    const attempt = {};
    this.opening.set(endpoint, attempt);
    try {
      await this.applications.connect(device);
    } catch (error) {
      return this.unconnected(endpoint, error);
    } finally {
      if (this.opening.get(endpoint) === attempt) this.opening.delete(endpoint);
    }
    if (this.opening.has(endpoint) || !this.running) {
      // A newer attempt of the same endpoint is under way and has taken the link over.
      device.link?.close();
      return { code: '5.03' };
    }
    const replaced = this.registrations.add(device);
    this.registered.value++;
    this.parts.log.debug({ endpoint, address: peer.address, anew: replaced !== undefined }, 'a device has registered');
    if (replaced !== undefined) this.replaced(replaced, device);
    this.desire(device);
    this.applications.keepStatus(device, device.registration.queueMode ? 'awake' : 'online');
    await this.saved(device);
    return {
      code: '2.01',
      location: ['rd', device.id],
      sent: () => this.answered(device, () => this.announce(device)),
    };
  }

  /** Why a peer is not given an endpoint name, if it is not. */
  private refusalOf(endpoint: string, peer: Peer): Parameters<Refusals['add']>[0] | undefined {
    const { options } = this.parts;
    if (endpoint === options.gatewayClientId) return 'gateway';
    if (!mayUseName(peer.identity, endpoint, options.bindIdentity)) return 'identity';
    const current = this.registrations.of(endpoint);
    return current !== undefined && !mayReplace(current.peer, peer) ? 'owner' : undefined;
  }

  private async update(device: Device, coap: CoapEndpoint, request: CoapRequest, peer: Peer): Promise<CoapReply> {
    const parsed = parseUpdate(request.query, request.payload, this.parts.options);
    if (parsed.kind === 'refused') return refusal(parsed, request);
    const { update } = parsed;
    this.updated.value++;
    device.registration = updated(device.registration, update);
    this.registrations.renew(device);
    this.rebind(device, coap, peer);
    device.held = true;
    // Others may have spoken for the device meanwhile: a broker that was late with the will of another gateway's link.
    if (this.parts.broker.keepsSessions) this.applications.tellStatus(device);
    await this.saved(device);
    return {
      code: '2.04',
      sent: () =>
        this.answered(device, () => {
          if (this.parts.options.updatePublishCondition === 'contains_object_list' && !update.objects) return;
          this.applications.tell(device, 'update', registrationEvent('update', device.registration));
        }),
    };
  }

  private async deregister(device: Device): Promise<CoapReply> {
    this.registrations.remove(device);
    this.ended(device, 'deregister');
    await this.stored();
    return { code: '2.02' };
  }

  /** Values that a device reports on its own [LWM2M 6.4.6]. */
  private send(coap: CoapEndpoint, request: CoapRequest, peer: Peer): CoapReply {
    const read = readSend(request, this.registrations.sendersAt(peer), this.parts.clock.now() / 1000);
    if (read.kind === 'refused') return { code: read.code };
    const { device, entries } = read;
    return {
      code: '2.04',
      sent: () => {
        this.applications.tell(device, 'notify', sendEvent(entries));
        this.heard(device, coap, peer);
      },
    };
  }

  /** It has said something of its own accord; who proves to be the device is where it is. */
  private heard(device: Device, coap: CoapEndpoint, peer: Peer): void {
    if (peer.identity !== undefined && this.registrations.withId(device.id) === device) this.rebind(device, coap, peer);
    this.downlink.wake(device);
  }

  /** The device has the answer to its registration or update: now come the event and the commands. */
  private answered(device: Device, announce: () => void): void {
    device.held = false;
    if (this.registrations.withId(device.id) !== device) return;
    announce();
    this.presence.heard(device);
    this.downlink.pursue(device);
  }

  private announce(device: Device): void {
    this.applications.tell(device, 'register', registrationEvent('register', device.registration));
  }

  /** What is observed of every device is desired of this one too. */
  private desire(device: Device): void {
    const { autoObserve } = this.parts.options;
    if (autoObserve === 'off') return;
    for (const path of autoObserve === 'on' ? device.registration.objects.paths : autoObserve) {
      this.observing.desireAlways(device, path, this.applications.eventTopics);
    }
  }

  /** A registration has ended, and is out of the table. */
  private ended(device: Device, reason: EndReason): void {
    this.parts.log.debug({ endpoint: device.registration.endpoint, reason }, 'a registration has ended');
    this.presence.forget(device);
    if (device.asleep) {
      device.asleep = false;
      this.parts.journal.saveAsleep(device);
    }
    this.parts.journal.deleteRegistration(device);
    this.downlink.end(device);
    this.applications.tell(device, 'register', endEvent(reason, device.registration));
    // Another gateway has the device now, and has said so.
    const moved = reason === 'takeover' && this.parts.options.commandSubscription === 'device';
    if (!moved) this.applications.keepStatus(device, 'offline');
    this.applications.disconnect(device);
  }

  /** The endpoint has registered anew. What waited for it still does, what was observed of it is asked for again. */
  private replaced(old: Device, device: Device): void {
    this.presence.forget(old);
    if (old.asleep) this.parts.journal.saveAsleep(device);
    device.learnFrom(old);
    this.downlink.succeed(old, device);
    this.applications.disconnect(old);
  }

  private turned(device: Device, to: Wakefulness): void {
    this.parts.journal.saveAsleep(device);
    this.applications.tell(device, 'register', wakefulnessEvent(to, device.registration));
    this.applications.keepStatus(device, to);
  }

  private linkEnded(device: Device, reason: 'takeover' | 'kicked'): void {
    // While the endpoint registers anew, it is its own new link that takes over.
    if (this.opening.has(device.registration.endpoint)) return;
    if (this.registrations.remove(device)) this.ended(device, reason);
  }

  private unconnected(endpoint: string, error: unknown): CoapReply {
    if (!(error instanceof BrokerRefusal)) throw error;
    this.parts.log.info({ endpoint, err: error }, 'a registration was refused by the broker');
    return { code: error.code === 'UNAVAILABLE' ? '5.03' : '4.03' };
  }

  /** The device's requests come from another address now. */
  private rebind(device: Device, coap: CoapEndpoint, peer: Peer): void {
    const { peer: oldPeer, coap: oldCoap } = device;
    device.peer = peer;
    device.coap = coap;
    this.registrations.heardFrom(device, oldPeer.key);
    if (oldPeer.key === peer.key && oldCoap === coap) return;
    this.downlink.moved(device, oldCoap, oldPeer);
  }
}

/** An error with its reason in the payload, unless that would make the answer longer than the question. */
function refusal({ code, reason }: Refusal, request: CoapRequest): CoapReply {
  const asked = request.query.reduce((sum, option) => sum + option.length + 1, request.payload.length);
  return reason.length > asked ? { code } : { code, payload: Buffer.from(reason) };
}
