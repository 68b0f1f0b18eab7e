/** How full the server says it is: 0 has room, 1 nearly full, 2 full. */
export type PressureLevel = 0 | 1 | 2;

/** How much a page may ask of the server by itself, beside what its user does. */
export interface Demand {
  /** Silence for this long is checked with a ping; null: not while this lasts. */
  pingEveryMs: number | null;
  /**
   * The list is loaded anew within this time, at a random moment of it, so that many pages do not
   * ask together; null: not while this lasts.
   */
  listWithinMs: number | null;
  /** The sessions' use of the machine is asked for as often; null: not while this lasts. */
  usageEveryMs: number | null;
  /** The same of the channels, while somebody looks at them. */
  channelsEveryMs: number | null;
}

const shown: readonly Demand[] = [
  { pingEveryMs: 25_000, listWithinMs: 250, usageEveryMs: 5_000, channelsEveryMs: 2_000 },
  { pingEveryMs: 50_000, listWithinMs: 4_000, usageEveryMs: 30_000, channelsEveryMs: 10_000 },
  { pingEveryMs: 75_000, listWithinMs: 10_000, usageEveryMs: null, channelsEveryMs: 30_000 },
];

/** Nobody sees the page: all that it does is background work, and a full server is spared it. */
const hidden: readonly Demand[] = [
  { pingEveryMs: 25_000, listWithinMs: 1_000, usageEveryMs: null, channelsEveryMs: null },
  { pingEveryMs: 75_000, listWithinMs: 20_000, usageEveryMs: null, channelsEveryMs: null },
  { pingEveryMs: null, listWithinMs: null, usageEveryMs: null, channelsEveryMs: null },
];

export function demandOf(level: PressureLevel, isHidden: boolean): Demand {
  return (isHidden ? hidden : shown)[level] as Demand;
}

/** The level of a message; what a newer server may say beyond it is "full". */
export function pressureLevel(level: number): PressureLevel {
  return Math.max(0, Math.min(2, Math.trunc(level))) as PressureLevel;
}
