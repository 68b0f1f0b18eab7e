import { describe, expect, it } from 'vitest';
import { ApiClient } from '../../src/api/client';
import { Archive } from '../../src/state/archive';
import { emptyForm, searchQuery } from '../../src/state/archive_model';
import { initialState } from '../../src/state/model';
import { defaultSettings } from '../../src/state/settings';
import { Store } from '../../src/state/store';

const hit = {
  session: 'ab12cd34',
  title: 'build',
  node: '6f1c2f4e-0d57-4f0e-9d1b-3c0c7a5d2b11',
  epoch: 'e1',
  from_offset: 100,
  to_offset: 140,
  at: '2026-01-31T12:00:00.250Z',
  command: 'make test',
  exit_status: 1,
  parts: [
    { text: 'fatal: ', match: false },
    { text: 'error', match: true },
  ],
};
const report = {
  state: 'ready',
  since: '2026-01-31T12:00:00Z',
  reason: null,
  backend: 'sqlite',
  attempt: 0,
  next_attempt_at: null,
  schema_version: 4,
  migration: null,
  outbox: 0,
  transitions: [{ state: 'ready', at: '2026-01-31T12:00:00Z', reason: null }],
};

function setUp(...answers: [number, unknown][]) {
  const store = new Store(initialState(defaultSettings));
  const urls: string[] = [];
  let signedOut = 0;
  const api = new ApiClient((url) => {
    urls.push(url);
    const [status, body] = answers.shift() ?? [500, {}];
    return Promise.resolve(new Response(typeof body === 'string' ? body : JSON.stringify(body), { status }));
  });
  const archive = new Archive(store, api, () => signedOut++);
  return { archive, store, urls, state: () => store.get().archive, signedOut: () => signedOut };
}

describe('a search', () => {
  it('asks for what was filled in, and for nothing else', () => {
    expect(searchQuery({ ...emptyForm, words: ' fatal error ' })).toEqual({ q: 'fatal error' });
    const from = '2026-01-31T12:00';
    const form = {
      words: 'x',
      session: ' ab ',
      command: 'make',
      exitStatus: '1',
      from,
      before: '2026-02-01T00:00',
      isAllNodes: true,
    };
    expect(searchQuery(form)).toEqual({
      q: 'x',
      session: 'ab',
      command: 'make',
      exit_status: '1',
      from: new Date(from).toISOString(),
      before: new Date('2026-02-01T00:00').toISOString(),
      scope: 'all',
    });
  });

  it('shows its hits page by page, of the form that was sent', async () => {
    const { archive, urls, state } = setUp(
      [200, { hits: [hit], next: 'c/1' }],
      [200, { hits: [{ ...hit, from_offset: 300 }], next: null }],
    );
    await archive.search({ ...emptyForm, words: 'error & co', command: 'make' });
    expect(state().hits).toEqual({ rows: [hit], next: 'c/1', isLoading: false, error: null });
    await archive.moreHits();
    expect(state().hits.rows?.map(({ from_offset: from }) => from)).toEqual([100, 300]);
    expect(state().form.words).toBe('error & co');
    expect(urls).toEqual([
      '/api/v1/search?q=error+%26+co&command=make',
      '/api/v1/search?q=error+%26+co&command=make&cursor=c%2F1',
    ]);
  });

  it('says why there are none: a bad word, a store that is away, a server that cannot', async () => {
    const detail = 'q: a phrase is not closed';
    const { archive, state, signedOut } = setUp(
      [400, { type: '/problems/bad-value', title: 'Bad value', detail }],
      [503, { type: '/problems/store-unavailable', title: 'The store is not available' }],
      [404, { type: '/problems/not-found', title: 'There is no such thing', detail: 'no such resource' }],
      [401, { title: 'Not signed in' }],
    );
    const errors: (string | null)[] = [];
    for (let i = 0; i < 4; i++) {
      await archive.search({ ...emptyForm, words: '"a' });
      errors.push(state().hits.error);
      expect(state().hits.rows).toBeNull();
    }
    expect(errors).toEqual([detail, 'The store is not available', 'no such resource', 'Not signed in']);
    expect(signedOut()).toBe(1);
  });
});

describe('the history', () => {
  it('is of this node, or of all', async () => {
    const row = { id: 'a', node: 'n' };
    const { archive, urls, state } = setUp(
      [200, { sessions: [row], next: '7' }],
      [200, { sessions: [], next: null }],
      [200, { sessions: [row, row], next: '8' }],
      [200, { sessions: [row], next: null }],
    );
    await archive.loadPast(false);
    await archive.morePast();
    expect(state().past).toMatchObject({ rows: [row], next: null });
    await archive.loadPast(true);
    await archive.morePast();
    expect(state().past.rows).toHaveLength(3);
    expect(urls).toEqual([
      '/api/v1/history',
      '/api/v1/history?cursor=7',
      '/api/v1/history?scope=all',
      '/api/v1/history?scope=all&cursor=8',
    ]);
  });
});

describe('the views', () => {
  it('bring what they show; a search waits for its words', async () => {
    const { archive, store, urls, state } = setUp([200, { sessions: [], next: null }], [200, report]);
    store.set({ dialog: { kind: 'archive' } });
    await archive.open('search');
    await archive.open('history');
    await archive.open('database');
    expect(urls).toEqual(['/api/v1/history', '/api/v1/database']);
    expect(state()).toMatchObject({ view: 'database', past: { rows: [] }, database: report });
  });
});

describe('the database', () => {
  it('is asked for only while somebody looks at it', async () => {
    const later = { ...report, state: 'memory-only', reason: 'connection refused' };
    const { archive, store, urls, state } = setUp([200, report], [200, later], [500, { title: 'Internal' }]);
    expect(await archive.loadDatabase()).toEqual(report);
    await archive.refreshDatabase();
    store.set({ dialog: { kind: 'archive' } });
    await archive.refreshDatabase();
    expect(urls).toHaveLength(1);
    await archive.open('database');
    expect(state().database).toEqual(later);
    await archive.refreshDatabase();
    expect([state().database, state().databaseError]).toEqual([later, 'Internal']);
  });
});

describe('a recording', () => {
  it('is read, or it is said why not', async () => {
    const cast = '{"version":3}\n[0,"o","x"]\n';
    const { archive, urls } = setUp([200, cast], [404, { detail: 'nothing of this session is recorded' }]);
    const { signal } = new AbortController();
    expect(await archive.recording('a/b', signal, () => undefined)).toEqual({ text: cast, isCut: false });
    expect(await archive.recording('c', signal, () => undefined)).toBe('nothing of this session is recorded');
    expect(urls).toEqual([
      '/api/v1/sessions/a%2Fb/recording?format=asciicast-v3',
      '/api/v1/sessions/c/recording?format=asciicast-v3',
    ]);
  });

  it('that breaks off is not taken for the whole', async () => {
    const body = new ReadableStream({ pull: (controller) => controller.error(new TypeError('network error')) });
    const api = new ApiClient(() => Promise.resolve(new Response(body)));
    const archive = new Archive(new Store(initialState(defaultSettings)), api, () => undefined);
    expect(await archive.recording('a', new AbortController().signal, () => undefined)).toMatch(/broke off/);
  });

  it('that nobody wants any more has nothing to say', async () => {
    const { archive } = setUp([404, { detail: 'no' }]);
    const aborted = new AbortController();
    aborted.abort();
    expect(await archive.recording('a', aborted.signal, () => undefined)).toBe('');
  });
});
