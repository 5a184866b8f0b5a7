/** What a command may know and do of the process around it. */
export interface Edge {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether somebody reads standard output. */
  readonly terminal: boolean;
  readonly input: Input;
  /** Writes a line to standard output. */
  out(line: string): void;
  /** Writes a line to standard error. */
  err(line: string): void;
  onSignal(signal: Signal, run: () => void): void;
  /** For errors that nobody caught. */
  onCrash(run: (error: unknown) => void): void;
  /** Ends the process at once. */
  exit(code: number): void;
}

/** Standard input. */
export interface Input {
  /** Whether a person sits at it. */
  readonly terminal: boolean;
  /** Asks for a line and does not show it; undefined when the person breaks off. */
  ask(question: string): Promise<Buffer | undefined>;
  /** Everything, up to its end; a RangeError when it is more than `maxBytes`. */
  read(maxBytes: number): Promise<Buffer>;
}

/** Signals that the gateway listens to. */
export type Signal = 'SIGTERM' | 'SIGINT' | 'SIGHUP';
