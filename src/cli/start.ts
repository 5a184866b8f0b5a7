import type { Loaded } from '../config/load.js';
import { IsthmusError } from '../core/errors.js';
import { createGateway, type Gateway } from '../gateway.js';
import type { Command } from './arguments.js';
import { etcOption, loadConfiguration, reportProblems } from './configuration.js';
import type { Edge, Signal } from './edge.js';
import { exitCodes } from './exit-codes.js';
import { createLog, type ProcessLog } from './log.js';

/** `isthmus start`. */
export const startCommand: Command = {
  name: 'start',
  summary: 'run the gateway until SIGTERM or SIGINT; SIGHUP reads users, rights and keys again',
  options: [etcOption],
  async run(given, edge) {
    const loaded = loadConfiguration(given, edge);
    if (loaded.errors.length > 0) {
      reportProblems(loaded, edge);
      return exitCodes.config;
    }
    const log = createLog(loaded.config.log, edge.terminal);
    return await runGateway(loaded, log, edge);
  },
};

const signalNumbers: Readonly<Record<Signal, number>> = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

/** Runs a gateway until it is told to stop; resolves with the exit code when everything is written. */
export async function runGateway(
  { config, warnings }: Loaded,
  log: ProcessLog,
  edge: Edge,
  create: typeof createGateway = createGateway,
): Promise<number> {
  edge.onCrash((error) => {
    log.fatal({ err: error }, 'stopped by an error that nothing expected');
    edge.exit(exitCodes.internal);
  });
  for (const { where, message } of warnings) log.warn({ where }, message);

  const gateway = create(config, log);
  const told = toldToStop(edge);
  edge.onSignal('SIGHUP', () => {
    gateway.reload().catch((error: unknown) => log.error({ err: error }, 'could not read everything again'));
  });

  const failure = await settled(gateway.start());
  if (failure !== undefined) {
    await settled(gateway.stop());
    return endFailed(failure.error, log, edge);
  }
  const signal = await told;
  log.info({ signal }, 'stopping');
  return await endStopped(gateway, log);
}

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
function toldToStop(edge: Edge): Promise<Signal> {
  return new Promise((resolve) => {
    let stopping = false;
    const stop = (signal: Signal) => (): void => {
      if (stopping) edge.exit(128 + signalNumbers[signal]);
      stopping = true;
      resolve(signal);
    };
    edge.onSignal('SIGTERM', stop('SIGTERM'));
    edge.onSignal('SIGINT', stop('SIGINT'));
  });
}

async function endStopped(gateway: Gateway, log: ProcessLog): Promise<number> {
  const failure = await settled(gateway.stop());
  if (failure !== undefined) {
    log.fatal({ err: failure.error }, 'could not stop cleanly');
    return exitCodes.internal;
  }
  log.info({}, 'stopped');
  return exitCodes.ok;
}

function endFailed(error: unknown, log: ProcessLog, edge: Edge): number {
  if (error instanceof IsthmusError) {
    switch (error.code) {
      case 'LISTEN':
        edge.err(`isthmus: cannot listen on ${error.message}`);
        return exitCodes.unavailable;
      case 'STORE':
        edge.err(`isthmus: ${error.message}`);
        return exitCodes.unavailable;
      case 'CONFIG':
      case 'XML_DIR':
      case 'CREDENTIALS':
      case 'PSK_FILE':
      case 'KEY_FILE':
      case 'CIPHERS':
        edge.err(`isthmus: ${error.message}`);
        return exitCodes.config;
    }
  }
  log.fatal({ err: error }, 'could not start');
  return exitCodes.internal;
}

/** Waits; the error, if there was one, comes back in a box, as anything may have been thrown. */
async function settled(promise: Promise<void>): Promise<{ readonly error: unknown } | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    return { error };
  }
}
