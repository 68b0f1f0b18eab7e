import { describe, expect, it } from 'vitest';
import { ApiClient } from '../../src/api/client';
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

  it('tells that the page is signed out', async () => {
    const { directory, signedOut } = setUp([401, {}]);
    await directory.load();
    expect(signedOut()).toBe(1);
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
