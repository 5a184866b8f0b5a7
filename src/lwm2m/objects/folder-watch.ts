import { type FSWatcher, watch } from 'node:fs';
import type { Clock, Timer } from '../../core/clock.js';
import type { Log } from '../../core/log.js';

/** From the first sign of a change to the reaction: whoever copies files copies several. */
const settleMs = 500;

/** Says when something has changed in a few folders. Many changes at once are said once. */
export class FolderWatch {
  private readonly watchers = new Map<string, FSWatcher>();
  private timer: Timer | undefined;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly changed: () => void;

  constructor(clock: Clock, log: Log, changed: () => void) {
    this.clock = clock;
    this.log = log;
    this.changed = changed;
  }

  /**
   * Watches these folders, and from now on no others. Each is opened anew: a folder that was replaced by another of its
   * name would else never be heard of again. One that cannot be watched is logged and left out.
   */
  follow(folders: readonly string[]): void {
    const before = [...this.watchers.values()];
    this.watchers.clear();
    for (const folder of new Set(folders)) this.add(folder);
    for (const watcher of before) watcher.close();
  }

  /** Stops watching; `changed` is not called afterwards. */
  stop(): void {
    this.follow([]);
    this.timer?.cancel();
    this.timer = undefined;
  }

  private add(folder: string): void {
    try {
      // The watch alone must not keep a process alive.
      const watcher = watch(folder, { persistent: false }, () => this.notice());
      watcher.on('error', (error) => this.lose(folder, error));
      this.watchers.set(folder, watcher);
    } catch (error) {
      this.lose(folder, error);
    }
  }

  private notice(): void {
    // Not put off by further changes, or a busy folder would never be read again.
    this.timer ??= this.clock.after('objects.changed', settleMs, () => {
      this.timer = undefined;
      this.changed();
    });
  }

  private lose(folder: string, error: unknown): void {
    this.watchers.get(folder)?.close();
    this.watchers.delete(folder);
    this.log.warn({ err: error, folder }, 'changes in this folder of object definitions will not be noticed');
  }
}
