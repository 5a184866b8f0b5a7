import { readFile, stat } from 'node:fs/promises';
import type { Clock, Timer } from '../core/clock.js';
import { IsthmusError } from '../core/errors.js';
import type { Log } from '../core/log.js';
import { identityBytes } from './identity-text.js';
import type { Psk, PskSource } from './options.js';
import { parsePskLine } from './psk-line.js';

/** How often the file is looked at. */
const pollMs = 5000;

/**
 * Pre-shared keys from a file, one `identity:hex[:endpoint]` a line, read again when it changes. A changed file with an
 * error is not taken: the keys of before stay, and a warning says where the error is.
 */
export class PskFile implements PskSource {
  private readonly path: string;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly listeners: ((identities: readonly Buffer[]) => void)[] = [];
  private keys = new Map<string, Psk>();
  private stamp = '';
  private timer: Timer | undefined;
  private running = false;

  constructor(path: string, clock: Clock, log: Log) {
    this.path = path;
    this.clock = clock;
    this.log = log;
  }

  /** Identities there are. */
  get size(): number {
    return this.keys.size;
  }

  /** Reads the file and begins to watch it. Rejects with `PSK_FILE` when it cannot be read or has an error. */
  async start(): Promise<void> {
    if (this.running) return;
    this.stamp = await this.stampNow();
    this.keys = await this.read();
    this.running = true;
    this.watch();
  }

  /** Stops watching. */
  stop(): void {
    this.running = false;
    this.timer?.cancel();
  }

  lookup(identity: Buffer): Psk | undefined {
    return this.keys.get(identity.toString('hex'));
  }

  onRevoked(listener: (identities: readonly Buffer[]) => void): void {
    this.listeners.push(listener);
  }

  /** Reads the file if it has changed since; resolves when the new keys count. */
  async reload(): Promise<void> {
    try {
      const stamp = await this.stampNow();
      if (stamp === this.stamp) return;
      this.stamp = stamp;
      this.replace(await this.read());
      this.log.info({ file: this.path, identities: this.keys.size }, 'pre-shared keys read again');
    } catch (error) {
      this.log.warn({ file: this.path, err: error }, 'pre-shared keys not read again: those of before stay');
    }
  }

  private replace(keys: Map<string, Psk>): void {
    const revoked: Buffer[] = [];
    for (const [identity, psk] of this.keys) {
      const now = keys.get(identity);
      if (now === undefined || !now.key.equals(psk.key) || now.endpoint !== psk.endpoint) {
        revoked.push(Buffer.from(identity, 'hex'));
      }
      psk.key.fill(0);
    }
    this.keys = keys;
    if (revoked.length > 0) for (const listener of this.listeners) listener(revoked);
  }

  private watch(): void {
    this.timer = this.clock.after('psk file', pollMs, () => {
      void this.reload().then(() => {
        if (this.running) this.watch();
      });
    });
  }

  private async stampNow(): Promise<string> {
    try {
      const { mtimeMs, size, ino } = await stat(this.path);
      return `${mtimeMs} ${size} ${ino}`;
    } catch (error) {
      throw new IsthmusError('PSK_FILE', `${this.path}: ${(error as Error).message}`, { cause: error });
    }
  }

  private async read(): Promise<Map<string, Psk>> {
    const text = await readFile(this.path, 'utf8').catch((error: Error) => {
      throw new IsthmusError('PSK_FILE', `${this.path}: ${error.message}`, { cause: error });
    });
    const keys = new Map<string, Psk>();
    for (const [index, line] of text.split('\n').entries()) {
      const entry = parsePskLine(line);
      if (entry === undefined) continue;
      const where = `${this.path}:${index + 1}`;
      if (typeof entry === 'string') throw new IsthmusError('PSK_FILE', `${where}: ${entry}`);
      const identity = identityBytes(entry.identity).toString('hex');
      if (keys.has(identity))
        throw new IsthmusError('PSK_FILE', `${where}: identity ${entry.identity} stands here twice`);
      keys.set(identity, entry.psk);
    }
    return keys;
  }
}
