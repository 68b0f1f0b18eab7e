/**
 * What to do when the socket closes, as one table: docs/reference/websocket.md, "Close codes".
 * A test holds it to tests/golden/close_codes.json, which every client obeys.
 */

export type Reaction =
  /** Try again, with full jitter. */
  | 'reconnect'
  /** Try again, but not within 30 s: this client did something the server could not accept. */
  | 'reconnect_slowly'
  /** Try again a few times only. */
  | 'reconnect_limited'
  /** Try again and ask for a snapshot in place of the missed bytes. */
  | 'reconnect_fresh'
  /** Sign in first. */
  | 'login'
  /** Wait for the user. */
  | 'stop';

export interface CloseRule {
  reaction: Reaction;
  /** Shown to the user. */
  text: string;
}

/** Nobody typed for a long time: a key is all that it takes to come back. */
export const idleCode = 4408;

const rules: ReadonlyMap<number, CloseRule> = new Map([
  [1000, { reaction: 'stop', text: 'The connection was closed.' }],
  [1001, { reaction: 'reconnect', text: 'The server is going away.' }],
  [1002, { reaction: 'reconnect_slowly', text: 'Protocol error.' }],
  [1003, { reaction: 'reconnect_slowly', text: 'The server does not accept this kind of data.' }],
  [1006, { reaction: 'reconnect', text: 'The connection was lost.' }],
  [1007, { reaction: 'reconnect_slowly', text: 'Invalid text was sent.' }],
  [1008, { reaction: 'stop', text: 'The server ended this connection.' }],
  [1009, { reaction: 'reconnect_slowly', text: 'A message was too big.' }],
  [1011, { reaction: 'reconnect_limited', text: 'The server had an internal error.' }],
  [1012, { reaction: 'reconnect', text: 'The server is restarting.' }],
  [1013, { reaction: 'reconnect', text: 'The server is full.' }],
  [4008, { reaction: 'reconnect_fresh', text: 'This browser stopped reading.' }],
  [4401, { reaction: 'login', text: 'You are signed out.' }],
  [4403, { reaction: 'stop', text: 'You may not do this.' }],
  [
    idleCode,
    {
      reaction: 'stop',
      text: 'Disconnected after a time without input. Your terminals live on; any key brings you back.',
    },
  ],
  [4409, { reaction: 'stop', text: 'This connection was taken over elsewhere.' }],
  [4410, { reaction: 'stop', text: 'The session has ended.' }],
  [4429, { reaction: 'stop', text: 'Too many messages were sent.' }],
]);

/** The rule for a code; ranges decide for those not listed (4400–4499: not until something changes). */
export function closeRule(code: number): CloseRule {
  const rule = rules.get(code);
  if (rule) return rule;
  if (code >= 4400 && code <= 4499) return { reaction: 'stop', text: `The server said no (${code}).` };
  return { reaction: 'reconnect', text: 'The connection was lost.' };
}

/** Codes that have a rule of their own. */
export function listedCloseCodes(): number[] {
  return [...rules.keys()];
}
