/** How the process ends, after sysexits.h. */
export const exitCodes = {
  ok: 0,
  /** The command line is wrong. */
  usage: 64,
  /** A port is taken, or the gateway does not answer. */
  unavailable: 69,
  /** A fault of ours. */
  internal: 70,
  /** The configuration is wrong. */
  config: 78,
} as const;
