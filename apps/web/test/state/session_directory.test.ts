import { describe, expect, it } from 'vitest';
import { ApiClient } from '../../src/api/client';
import type { Session, SessionEvent } from '../../src/api/types';
import { initialState } from '../../src/state/model';
import { SessionDirectory } from '../../src/state/session_directory';
import { defaultSettings } from '../../src/state/settings';
import { Store } from '../../src/state/store';
import { session } from '../support/session';

function setUp(...answers: [number, unknown][]) {
  const store = new Store(initialState(defaultSettings));
  let signedOut = 0;
  const api = new ApiClient(() => {
    const [status, body] = answers.shift() ?? [500, {}];
    return Promise.resolve(new Response(JSON.stringify(body), { status }));
  });
  const directory = new SessionDirectory(store, api, () => signedOut++);
  return { store, directory, signedOut: () => signedOut };
}

describe('SessionDirectory', () => {
  it('knows a new session before its event comes', async () => {
    const { store, directory } = setUp([201, session('a')]);
    expect(await directory.create({})).toMatchObject({ id: 'a' });
    directory.apply({ topic: 'session.created', at: '', session: session('a', { title: 'later' }) });
    expect(store.get().sessions?.map(({ title }) => title)).toEqual(['later']);
  });

  it('says why something did not work', async () => {
    const { directory } = setUp([422, { detail: 'No such directory.' }], [404, { title: 'Not found' }]);
    expect(await directory.create({ cwd: '/nope' })).toBe('No such directory.');
    expect(await directory.rename('a', 'x')).toBe('Not found');
  });

  it('knows no sandboxes of a server that does not tell them', async () => {
    const workspace = { name: 'workspace', description: 'd', default: true, available: true, why_not: null };
    const { directory, signedOut } = setUp([200, { sandboxes: [workspace] }], [404, {}], [401, {}]);
    expect(await directory.sandboxes()).toEqual([workspace]);
    expect(await directory.sandboxes()).toEqual([]);
    expect(signedOut()).toBe(0);
    expect(await directory.sandboxes()).toEqual([]);
    expect(signedOut()).toBe(1);
  });

  it('tells that the page is signed out', async () => {
    const { directory, signedOut } = setUp([401, {}]);
    await expect(directory.load()).rejects.toMatchObject({ status: 401 });
    expect(signedOut()).toBe(1);
  });

  it('loses no event that comes before the list', async () => {
    let answer: (list: Session[]) => void = () => undefined;
    const store = new Store(initialState(defaultSettings));
    const api = { sessions: () => new Promise<Session[]>((resolve) => (answer = resolve)) };
    const directory = new SessionDirectory(store, api as unknown as ApiClient, () => undefined);
    const titles = () => store.get().sessions?.map(({ id, title }) => id + title).sort().join(' ');
    const tell = (topic: SessionEvent['topic'], s: Session) => directory.apply({ topic, at: '', session: s });

    const loaded = directory.load();
    tell('session.created', session('new'));
    tell('session.changed', session('a', { title: '1' }));
    tell('session.changed', session('a', { title: '2' }));
    tell('session.removed', session('b'));
    answer([session('a'), session('b'), session('c')]);
    await loaded;
    expect(titles()).toBe('a2 c new');

    // Another list replaces everything but what comes while it is on its way.
    const first = directory.load();
    const answerFirst = answer;
    tell('session.changed', session('c', { title: '3' }));
    const second = directory.load();
    answerFirst([session('old')]);
    await first;
    expect(titles()).toBe('a2 c3 new');
    answer([session('a', { title: '4' }), session('c', { title: '5' })]);
    await second;
    expect(titles()).toBe('a4 c5');
  });

  it('brings what sessions take up to date, and nothing else', async () => {
    const usage = (cpu_ms: number) => ({
      cpu_percent: 1,
      cpu_ms,
      memory_bytes: 1,
      processes: 1,
      foreground: null,
      cwd: null,
      at: '',
    });
    const { store, directory, signedOut } = setUp(
      [200, { sessions: [session('a', { usage: usage(1) }), session('b')] }],
      [200, { sessions: [session('a', { title: 'older', usage: usage(2) }), session('c')] }],
      [503, {}],
      [401, {}],
    );
    await directory.load();
    await directory.refreshUsage();
    const shown = () => store.get().sessions?.map(({ id, title, usage }) => [id, title, usage?.cpu_ms]);
    expect(shown()).toEqual([
      ['a', '', 2],
      ['b', '', undefined],
    ]);
    await directory.refreshUsage();
    expect(signedOut()).toBe(0);
    await directory.refreshUsage();
    expect(signedOut()).toBe(1);
    expect(shown()?.[0]).toEqual(['a', '', 2]);
  });

  it('keeps a removed session while a tab shows it', async () => {
    const { store, directory } = setUp([200, { sessions: [session('a'), session('b')] }]);
    await directory.load();
    store.set({ tabs: ['a'] });
    for (const id of ['a', 'b']) directory.apply({ topic: 'session.removed', at: '', session: session(id) });
    expect(store.get().sessions).toEqual([]);
    expect(directory.find('a')).toMatchObject({ id: 'a', state: 'lost' });
    expect(directory.find('b')).toBeUndefined();
  });
});
