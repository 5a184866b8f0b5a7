import type { Edge, Signal } from '#src/cli/edge.js';

/** A process that only a test sees. */
export class FakeEdge implements Edge {
  readonly env: Edge['env'];
  readonly terminal = false;
  readonly printed: string[] = [];
  readonly complained: string[] = [];
  readonly exits: number[] = [];
  private readonly signals = new Map<Signal, () => void>();
  private crashed: (error: unknown) => void = () => {};

  constructor(env: Edge['env'] = {}) {
    this.env = env;
  }

  out(line: string): void {
    this.printed.push(line);
  }

  err(line: string): void {
    this.complained.push(line);
  }

  onSignal(signal: Signal, run: () => void): void {
    this.signals.set(signal, run);
  }

  onCrash(run: (error: unknown) => void): void {
    this.crashed = run;
  }

  exit(code: number): void {
    this.exits.push(code);
  }

  /** Sends a signal. */
  signal(signal: Signal): void {
    this.signals.get(signal)?.();
  }

  /** Throws where nobody catches. */
  crash(error: unknown): void {
    this.crashed(error);
  }
}
