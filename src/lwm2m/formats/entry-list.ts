import { DecodeError } from '../../core/errors.js';
import { formatPath, isBelow, type Path } from '../path.js';
import type { Entry, ObjectLookup, ResourceType, Value } from '../values.js';
import { fit, typeOf } from './fit.js';

/** What a payload is read against. */
export interface DecodeOptions {
  /** Now, seconds since 1970: relative timestamps count from here. */
  readonly nowSeconds: number;
  /** Entries in one payload at the most, so that a few bytes per entry cannot become much memory; default 100,000. */
  readonly maxEntries?: number;
}

/** Gathers the entries of one payload; each must answer the request and fit its definition, or it is a DecodeError. */
export class EntryList {
  readonly request: Path;
  readonly nowSeconds: number;
  readonly maxEntries: number;
  readonly entries: Entry[] = [];
  private readonly objects: ObjectLookup;

  constructor(request: Path, objects: ObjectLookup, options: DecodeOptions) {
    this.request = request;
    this.objects = objects;
    this.nowSeconds = options.nowSeconds;
    this.maxEntries = options.maxEntries ?? 100_000;
  }

  /** The declared type of a resource; undefined when it has no definition or holds no value by definition. */
  typeAt(path: Path): ResourceType | undefined {
    const type = this.objects.object(path[0] as number)?.resources.get(path[2] as number)?.type;
    return type === 'None' ? undefined : type;
  }

  /** Whether an object can have several instances; undefined when it has no definition. */
  isMultiple(objectId: number): boolean | undefined {
    return this.objects.object(objectId)?.multiple;
  }

  /** Adds a value whose kind the format tells: converted to the declared type, or taken as what it is. */
  add(path: Path, value: Value, time?: number): void {
    const declared = this.typeAt(path);
    const type = declared ?? typeOf(value);
    const fitted = fit(type, value);
    if (fitted === undefined) throw misfit(path, type);
    if (declared === undefined) this.guess(path, type, fitted.value, time);
    else this.put(path, type, fitted.value, time);
  }

  /** Adds a value that was read by its declared type. */
  put(path: Path, type: ResourceType, value: Value, time?: number): void {
    this.admit(path);
    this.entries.push(time === undefined ? { path, type, value } : { path, type, value, time });
  }

  /** Adds a value without a definition. */
  guess(path: Path, type: ResourceType, value: Value, time?: number): void {
    this.admit(path);
    const entry = { path, type, value, guessed: true };
    this.entries.push(time === undefined ? entry : { ...entry, time });
  }

  private admit(path: Path): void {
    if (path.length < 3 || path.length > 4) throw new DecodeError(`${formatPath(path)} is not a resource`);
    if (!isBelow(path, this.request)) {
      throw new DecodeError(`${formatPath(path)} was not asked for, ${formatPath(this.request)} was`);
    }
    if (this.entries.length === this.maxEntries) throw tooMany(this.maxEntries);
  }
}

/** The error for a payload of more values than the limit. */
export function tooMany(limit: number): DecodeError {
  return new DecodeError(`more than ${limit} values`);
}

/** The error for a value that its resource's declared type cannot hold. */
export function misfit(path: Path, type: ResourceType): DecodeError {
  return new DecodeError(`the value of ${formatPath(path)} is not of type ${type}`);
}
