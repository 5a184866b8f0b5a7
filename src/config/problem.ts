/** Something wrong with the configuration, for people. */
export interface Problem {
  /** `etc/emqx_sn.conf:12`, the name of an environment variable, or nothing when it is no single place. */
  readonly where?: string;
  readonly message: string;
}

/** A problem as one line. */
export const problemLine = ({ where, message }: Problem): string =>
  where === undefined ? message : `${where}: ${message}`;

/** Problems as they are found: errors stop the start, warnings do not. */
export class Problems {
  readonly errors: Problem[] = [];
  readonly warnings: Problem[] = [];

  error(message: string, where?: string): void {
    this.errors.push({ where, message });
  }

  warn(message: string, where?: string): void {
    this.warnings.push({ where, message });
  }
}
