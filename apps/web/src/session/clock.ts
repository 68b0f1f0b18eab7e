/** Time as the state machines see it, so that tests can turn it by hand. */
export interface Clock {
  /** Milliseconds, monotonic enough to measure delays. */
  now(): number;
  setTimeout(callback: () => void, delayMs: number): number;
  clearTimeout(timer: number): void;
}

export const browserClock: Clock = {
  now: () => Date.now(),
  setTimeout: (callback, delayMs) => globalThis.setTimeout(callback, delayMs) as unknown as number,
  clearTimeout: (timer) => globalThis.clearTimeout(timer),
};
