import type { Target } from '../protocol.js';

/** One client of the crowd. */
export interface Member {
  /** Connects and subscribes, and does so again when its connection is lost. Gives how often it had to be tried. */
  connect(): Promise<number>;
  /** Publishes a payload with QoS 1; false if the one before is not acknowledged yet and this one is left out. */
  publish(payload: Buffer): boolean;
  /** Gives up the old connection without a word: the gateway does not know it any more. */
  forget(): void;
  close(): void;
}

/** What a member tells. */
export interface Hearing {
  received(payload: Buffer): void;
  acknowledged(): void;
  repeated(): void;
}

/** Makes a member that is heard by the member of the same number in the other half, and hears it. */
export type Enrol = (target: Target, index: number, hearing: Hearing) => Member;

/** Tries again, up to five minutes, after a pause that differs from member to member. */
export async function persistently(attempt: () => Promise<void>): Promise<number> {
  const until = performance.now() + 300_000;
  for (let tries = 1; ; tries++) {
    try {
      await attempt();
      return tries;
    } catch (error) {
      if (performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200 + Math.random() * 800));
    }
  }
}
