// Brings a checkout to the point where dist/ can run: installs what the lock file names when node_modules is missing or
// older than it, then compiles what changed. Runs before `npm start`, `npm test` and the like; plain Node, no dependencies.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const at = (...parts) => join(root, ...parts);

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 20)) {
  fail(`Isthmus needs Node 20.20 or newer; this is ${process.versions.node}.`);
}

const installed = at('node_modules', '.package-lock.json');
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(at('package-lock.json')).mtimeMs) {
  process.stderr.write('Installing dependencies (npm ci)...\n');
  // stdout goes to stderr: what a script prints on stdout stays that script's own.
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  run(npm, ['ci', '--include=dev', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']);
}

if (!process.argv.includes('--install-only')) {
  const started = Date.now();
  run(process.execPath, [at('node_modules', 'typescript', 'bin', 'tsc'), '-b', at('tsconfig.json')]);
  if (Date.now() - started > 3000) process.stderr.write('Built.\n');
}

function run(command, args) {
  const done = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (done.error) fail(`${command}: ${done.error.message}`);
  if (done.status !== 0) process.exit(done.status ?? 1);
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(69);
}
