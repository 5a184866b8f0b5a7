import type { ExecutionContext } from 'ava';
import { type ExternalAround, ExternalBroker } from '#src/broker/external.js';
import type { ExternalOptions } from '#src/broker/external-options.js';
import { systemClock } from '#src/core/clock.js';
import { silentLog } from '#src/core/log.js';
import { Metrics } from '#src/core/metrics.js';
import { noStore } from '#src/store/no-store.js';

/** A gateway's side of a broker elsewhere, by default at once and without limits. */
export function externalTo(
  t: ExecutionContext,
  url: string,
  options: Partial<ExternalOptions> = {},
  { log = silentLog, metrics = new Metrics(), store = noStore }: Partial<Omit<ExternalAround, 'clock'>> = {},
): ExternalBroker {
  const name = `gateway-${Math.random().toString(36).slice(2)}`;
  const broker = new ExternalBroker(
    {
      url,
      version: 'auto',
      clientId: '%c',
      username: undefined,
      password: undefined,
      gatewayName: name,
      connectRate: 1000,
      keepAliveSeconds: 60,
      sessionExpirySeconds: 7200,
      ...options,
    },
    { clock: systemClock, log, metrics, store },
  );
  t.teardown(() => broker.stop());
  return broker;
}

/** Waits until it holds; an Error if that takes too long. */
export async function until(holds: () => boolean, what: string, timeoutMs = 10_000): Promise<void> {
  const late = Date.now() + timeoutMs;
  while (!holds()) {
    if (Date.now() > late) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The same, started, and connected. */
export async function startExternal(
  t: ExecutionContext,
  url: string,
  options: Partial<ExternalOptions> = {},
): Promise<ExternalBroker> {
  const broker = externalTo(t, url, options);
  await broker.start();
  await until(() => broker.ready, 'the broker is reached');
  return broker;
}
