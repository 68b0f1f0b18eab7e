/** How long a condition may take before a flow fails; generous because machines are shared. */
export const patienceMs = 20_000;

export class Unmet extends Error {}

/** Waits until `condition` gives something truthy, and returns it; `describe` says what was seen instead. */
export async function until(what, condition, { timeoutMs = patienceMs, describe } = {}) {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) {
      const seen = describe ? `\n${await describe()}` : '';
      throw new Unmet(`waited ${timeoutMs} ms for: ${what}${seen}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Fails as soon as `condition` no longer gives something truthy, within this time. */
export async function stays(what, forMs, condition) {
  const end = Date.now() + forMs;
  while (Date.now() < end) {
    if (!(await condition())) throw new Unmet(`did not last for ${forMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export function check(isTrue, what) {
  if (!isTrue) throw new Unmet(what);
}

export function checkEqual(got, want, what) {
  if (JSON.stringify(got) === JSON.stringify(want)) return;
  throw new Unmet(`${what}\n  got:  ${JSON.stringify(got)}\n  want: ${JSON.stringify(want)}`);
}
