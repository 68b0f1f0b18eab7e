import type { Problem } from '../api/types';

/** The server has no room for this client now: HTTP 429 or 503, or the close code 1013. */
export interface Refused {
  kind: 'refused';
  /** The problem's name (`at-capacity`, `rate-limited`, `shutting-down` …); null when it has none. */
  code: string | null;
  /** A sentence for people. */
  text: string;
  /** When to come back, as the server asks; null when it does not say. */
  retryAfterMs: number | null;
}

const leads: Readonly<Record<string, string>> = {
  'at-capacity': 'The server is full',
  'rate-limited': 'The server turns this page away',
  'shutting-down': 'The server is restarting',
};

/** What an answer with status 429 or 503 says; `retryAfter` is the header. */
export function readRefusal(status: number, problem: Problem, retryAfter: string | null): Refused {
  const code = typeof problem.type === 'string' ? (problem.type.split('/').pop() ?? '') : '';
  const lead = Object.hasOwn(leads, code) ? leads[code] : problem.title;
  const parts = [lead, problem.detail].filter((part) => part !== undefined && part !== '');
  const text = parts.length > 0 ? parts.join(': ') : `The server answered ${status}`;
  const seconds = retryAfterSeconds(retryAfter ?? '');
  return {
    kind: 'refused',
    code: code === '' ? null : code,
    text: sentence(text),
    retryAfterMs: seconds === null ? null : seconds * 1000,
  };
}

/** Seconds from a header or a close reason such as "Retry-After: 7" or "7"; null when there are none. */
export function retryAfterSeconds(text: string): number | null {
  const match = /^\s*(?:retry-after\s*[:=]\s*)?(\d{1,5})\s*s?\s*$/i.exec(text);
  return match ? Number(match[1]) : null;
}

/** Ends in a full stop, once. */
export function sentence(text: string): string {
  return `${text.trim().replace(/[.:\s]+$/, '')}.`;
}
