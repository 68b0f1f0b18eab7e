import { describe, expect, it } from 'vitest';
import { ApiError } from '../../src/api/client';
import { initialState } from '../../src/state/model';
import { defaultSettings } from '../../src/state/settings';
import { SignIn } from '../../src/state/sign_in';
import { Store } from '../../src/state/store';
import { settled } from '../support/link_stage';
import { ManualClock } from '../support/manual_clock';

const answer = (status: number, retryAfterMs: number | null = null) =>
  new ApiError(status, `answer ${status}`, null, {
    kind: 'refused',
    code: null,
    text: 'The server is full.',
    retryAfterMs,
  });

/** A server that answers with these errors in turn before it lets the page in. */
function setUp(answers: { login?: ApiError[]; load?: ApiError[] }) {
  const clock = new ManualClock();
  const store = new Store(initialState(defaultSettings));
  const entered: string[] = [];
  const tokens: string[] = [];
  const next = (errors: ApiError[] | undefined) => {
    const error = errors?.shift();
    return error ? Promise.reject(error) : Promise.resolve();
  };
  const signIn = new SignIn(
    store,
    {
      login: (token) => {
        tokens.push(token);
        return next(answers.login);
      },
    },
    {
      load: () =>
        next(answers.load).catch((error: ApiError) => {
          if (error.status === 401) {
            signIn.stop();
            store.set({ auth: 'signed_out' });
          }
          throw error;
        }),
    },
    clock,
    () => 0.5,
    (wanted, visit) => entered.push(`${wanted} ${visit}`),
  );
  return { clock, store, entered, tokens, signIn };
}

describe('coming in', () => {
  it('takes the cookie, and shows the form only when the server does not', async () => {
    const t = setUp({});
    await t.signIn.enter('s1', 'returning');
    expect([t.store.get().auth, t.entered]).toEqual(['signed_in', ['s1 returning']]);
    const u = setUp({ load: [answer(401)] });
    await u.signIn.enter(null, 'returning');
    expect([u.store.get().auth, u.entered, u.clock.pending]).toEqual(['signed_out', [], 0]);
  });

  for (const [status, retryAfterMs, delayMs] of [
    [429, 6_000, 6_250],
    [503, 11_000, 11_250],
    [503, null, 500],
    [0, null, 500],
    [502, null, 500],
    [403, null, 500],
  ] as const) {
    it(`waits for a server that answers ${status}${retryAfterMs ? ` for ${retryAfterMs} ms` : ''}`, async () => {
      const t = setUp({ load: [answer(status, retryAfterMs)] });
      const done = t.signIn.enter('s1', 'returning');
      await settled();
      const { auth, trouble } = t.store.get();
      expect([auth, trouble]).toEqual([
        'checking',
        { text: 'The server is full.', retryAt: t.clock.now() + delayMs },
      ]);
      t.clock.advance(delayMs - 1);
      await settled();
      expect(t.entered).toEqual([]);
      t.clock.advance(1);
      await done;
      expect([t.store.get().auth, t.store.get().trouble, t.entered]).toEqual(['signed_in', null, ['s1 returning']]);
    });
  }

  it('does not lose the token of the link to a server without room', async () => {
    const t = setUp({ login: [answer(503, 5_000), answer(429, 5_000)], load: [answer(503, 5_000)] });
    const done = t.signIn.withLink('secret');
    for (let i = 0; i < 3; i++) {
      await settled();
      expect(t.store.get().auth).toBe('checking');
      t.signIn.tryNow();
    }
    await done;
    expect([t.tokens, t.entered]).toEqual([['secret', 'secret', 'secret'], ['null first_visit']]);
  });

  it('says what is wrong with a token, and with anything else in the form', async () => {
    const t = setUp({ login: [answer(401)] });
    await t.signIn.withLink('wrong');
    expect(t.store.get()).toMatchObject({ auth: 'signed_out', loginError: 'This token is not valid, or no longer.' });
    const u = setUp({ login: [answer(503, 5_000)] });
    await u.signIn.withForm('good');
    expect(u.store.get()).toMatchObject({ auth: 'signed_out', loginError: 'answer 503' });
    await u.signIn.withForm('good');
    expect(u.store.get()).toMatchObject({ auth: 'signed_in', loginError: null });
  });
});
