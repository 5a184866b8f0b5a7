// Isthmus without a store: `start --etc DIR` as dist/main.js has it, for what durability costs.
import { createLog } from '#src/cli/log.js';
import { standardInput } from '#src/cli/standard-input.js';
import { runGateway } from '#src/cli/start.js';
import { load } from '#src/config/load.js';
import { createGateway } from '#src/gateway.js';
import { noStore } from '#src/store/no-store.js';

const loaded = load(process.argv.at(-1) ?? 'etc', process.env);
const log = createLog(loaded.config.log, false);
const code = await runGateway(
  loaded,
  log,
  {
    env: process.env,
    terminal: false,
    input: standardInput,
    out: (line) => void process.stdout.write(`${line}\n`),
    err: (line) => void process.stderr.write(`${line}\n`),
    onSignal: (signal, run) => void process.on(signal, run),
    onCrash: (run) => void process.on('uncaughtException', run),
    exit: (status) => process.exit(status),
  },
  (config, to) => createGateway(config, to, async () => noStore),
);
process.exit(code);
