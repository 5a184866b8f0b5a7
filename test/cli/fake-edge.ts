import type { Edge, Input, Signal } from '#src/cli/edge.js';

/** A process that only a test sees. */
export class FakeEdge implements Edge {
  readonly env: Edge['env'];
  readonly terminal = false;
  readonly printed: string[] = [];
  readonly complained: string[] = [];
  readonly exits: number[] = [];
  private readonly signals = new Map<Signal, () => void>();
  private crashed: (error: unknown) => void = () => {};

  readonly input: Input;

  constructor(env: Edge['env'] = {}, input: Input = typed([])) {
    this.env = env;
    this.input = input;
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

/** A terminal at which somebody types these lines, and then breaks off. */
export function typed(lines: readonly string[]): Input {
  const left = [...lines];
  return {
    terminal: true,
    ask: async () => {
      const line = left.shift();
      return line === undefined ? undefined : Buffer.from(line);
    },
    read: async () => Buffer.alloc(0),
  };
}

/** A pipe with this text. */
export const piped = (text: string): Input => ({
  terminal: false,
  ask: async () => undefined,
  read: async () => Buffer.from(text),
});
