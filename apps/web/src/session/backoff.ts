/** First ceiling of the delay before a new attempt, in milliseconds. */
export const backoffFirstMs = 500;
/** The ceiling doubles with each failed attempt up to this. */
export const backoffMaxMs = 30_000;

/**
 * Full jitter: uniform in [0, ceiling), so that a thousand browsers do not return together.
 * `attempt` counts failed attempts from 0; `random` is in [0, 1).
 */
export function backoffMs(attempt: number, random: number): number {
  const ceiling = Math.min(backoffMaxMs, backoffFirstMs * 2 ** Math.min(attempt, 16));
  return Math.floor(random * ceiling);
}
