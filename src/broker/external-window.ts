import { refusalOf } from './external-answers.js';
import type { Answered } from './mqtt-outgoing.js';
import { BrokerRefusal, type Done, type Message } from './port.js';

/** Publications of one link that wait behind those the broker has not acknowledged. */
const backlogLimit = 100;

/** On the way at once if the broker names no number. */
const defaultWindow = 100;

type Send = (message: Message, answered: Answered) => void;

/**
 * Publications with QoS 1 and 2 on their way: no more at once than the broker takes [MQTT5 4.9], the next ones in order
 * behind them. What is on its way survives a loss of the connection; what has not been sent is refused. One with QoS 2 is
 * sent at once or refused: what waits here would be lost with the process.
 */
export class ExternalWindow {
  private readonly send: Send;
  private size = 0;
  private onTheWay: Set<Done> | undefined;
  private backlog: { readonly message: Message; readonly done: Done }[] = [];

  constructor(send: Send) {
    this.send = send;
  }

  /** On the way. */
  get used(): number {
    return this.onTheWay?.size ?? 0;
  }

  /** Connected; `receiveMaximum` is what the broker said, `others` are on their way already. */
  open(receiveMaximum = defaultWindow, others = 0): void {
    this.size = Math.max(1, Math.min(receiveMaximum, defaultWindow) - others);
    this.next();
  }

  publish(message: Message, done: Done): void {
    if (this.used < this.size) this.dispatch(message, done);
    else if (message.qos < 2 && this.backlog.length < backlogLimit) this.backlog.push({ message, done });
    else done(new BrokerRefusal('UNAVAILABLE', 'too many publications wait for the broker'));
  }

  /** Not connected any more: nothing new is sent. */
  close(refusal: BrokerRefusal): void {
    this.size = 0;
    for (const { done } of this.backlog.splice(0)) done(refusal);
  }

  /** The end: no answer will come. */
  refuse(refusal: BrokerRefusal): void {
    this.close(refusal);
    const { onTheWay } = this;
    this.onTheWay = undefined;
    for (const done of onTheWay ?? []) done(refusal);
  }

  private dispatch(message: Message, answer: Done): void {
    // A function of its own for each publication: the caller may use one for all.
    const done: Done = (refusal) => answer(refusal);
    this.onTheWay ??= new Set();
    this.onTheWay.add(done);
    this.send(message, (code) => {
      if (this.onTheWay?.delete(done) !== true) return;
      if (code >= 128) done(refusalOf(code, `not taken by the broker, reason ${code}: ${message.topic}`));
      else done();
      this.next();
    });
  }

  private next(): void {
    while (this.backlog.length > 0 && this.used < this.size) {
      const next = this.backlog.shift();
      if (next !== undefined) this.dispatch(next.message, next.done);
    }
  }
}
