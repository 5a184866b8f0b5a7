import type { Clock } from '../../core/clock.js';
import type { Log } from '../../core/log.js';
import type { ObjectDefinition, ObjectLookup } from '../values.js';
import { FolderWatch } from './folder-watch.js';
import { type LoadedDefinitions, loadDefinitions } from './load-definitions.js';
import { ObjectCatalog } from './object-catalog.js';
import { defaultVersion } from './object-version.js';

/** What an ObjectRegistry is made of. */
export interface ObjectRegistryOptions {
  /** The folder of object definitions. */
  readonly directory: string;
  readonly log: Log;
  readonly clock: Clock;
  /** Whether to load again by itself when a file in the folder changes. */
  readonly watch?: boolean;
}

/**
 * The object definitions of a folder, which may be loaded again while devices are served. The new set takes the place of
 * the old in one step: code that does not wait sees one set throughout, and a lookup handed out earlier sees the new one
 * from its next call.
 */
export class ObjectRegistry {
  private catalog = new ObjectCatalog();
  private loading: Promise<unknown> = Promise.resolve();
  private running = false;
  private readonly options: ObjectRegistryOptions;
  private readonly folders: FolderWatch;

  constructor(options: ObjectRegistryOptions) {
    this.options = options;
    this.folders = new FolderWatch(options.clock, options.log, () => this.reloadByItself());
  }

  /** How many definitions are loaded; each version of an object is one. */
  get count(): number {
    return this.catalog.count;
  }

  /** Loads the folder and, if asked to, begins to watch it. Rejects with code `XML_DIR` when it cannot be read. */
  async start(): Promise<void> {
    if (this.running) return;
    this.running = true;
    // Watched before it is read, so that no change falls between the two.
    if (this.options.watch) this.folders.follow([this.options.directory]);
    try {
      await this.reload();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Stops watching. What is loaded stays. */
  async stop(): Promise<void> {
    this.running = false;
    this.folders.stop();
    await this.loading;
  }

  /**
   * Loads the folder again. Rejects with code `XML_DIR` when it cannot be read; then what was loaded before stays. Calls
   * while one is under way wait for their turn.
   */
  reload(): Promise<LoadedDefinitions> {
    const loaded = this.loading.then(() => this.load());
    this.loading = loaded.catch(() => undefined);
    return loaded;
  }

  /** The definition for an object of this version, by the rule of `ObjectCatalog.find`. */
  find(objectId: number, version?: string): ObjectDefinition | undefined {
    return this.catalog.find(objectId, version);
  }

  /** Every definition: by id, the newest version of each first. */
  definitions(): Iterable<ObjectDefinition> {
    return this.catalog.definitions();
  }

  /**
   * The definitions as one device sees them. `versions` holds what it registered: the object's `ver`, or undefined when
   * it gave none; then the default of its LwM2M version counts. The map is kept, not copied: it may change.
   */
  lookup(versions: ReadonlyMap<number, string | undefined>, lwm2mVersion = '1.0'): ObjectLookup {
    return new DeviceObjects(this, versions, lwm2mVersion);
  }

  private async load(): Promise<LoadedDefinitions> {
    const { directory, log, watch } = this.options;
    const loaded = await loadDefinitions(directory, log);
    this.catalog = loaded.catalog;
    const fields = { directory, count: this.count, files: loaded.files, skipped: loaded.skipped.length };
    if (this.count > 0) log.info(fields, 'object definitions loaded');
    else log.warn(fields, 'there are no object definitions in this folder');
    if (watch && this.running) this.folders.follow(loaded.folders);
    return loaded;
  }

  private reloadByItself(): void {
    const { directory, log } = this.options;
    this.reload().catch((error: unknown) =>
      log.error({ err: error, directory }, 'object definitions not loaded again'),
    );
  }
}

/** Small on purpose: there is one for each device. */
class DeviceObjects implements ObjectLookup {
  private readonly registry: ObjectRegistry;
  private readonly versions: ReadonlyMap<number, string | undefined>;
  private readonly lwm2mVersion: string;

  constructor(registry: ObjectRegistry, versions: ReadonlyMap<number, string | undefined>, lwm2mVersion: string) {
    this.registry = registry;
    this.versions = versions;
    this.lwm2mVersion = lwm2mVersion;
  }

  object(objectId: number): ObjectDefinition | undefined {
    return this.registry.find(objectId, this.versions.get(objectId) ?? defaultVersion(objectId, this.lwm2mVersion));
  }
}
