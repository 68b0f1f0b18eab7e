import { describe, expect, it } from 'vitest';
import type { Channel, ChannelEvent } from '../../src/api/channel_types';
import { ApiClient } from '../../src/api/client';
import { Channels } from '../../src/state/channels';
import { initialState } from '../../src/state/model';
import { defaultSettings } from '../../src/state/settings';
import { Store } from '../../src/state/store';
import { channel } from '../support/channel';
import { settled } from '../support/link_stage';
import { ManualClock } from '../support/manual_clock';

type Answer = [number, unknown];

function setUp() {
  const store = new Store(initialState(defaultSettings));
  const clock = new ManualClock();
  const requests: string[] = [];
  const world = { list: [channel('policy')] as Channel[], answers: [] as Answer[], isSlow: false, signedOut: 0 };
  const waiting: (() => void)[] = [];
  const api = new ApiClient(async (url, init) => {
    requests.push([init.method, url, init.body].filter((part) => part !== undefined).join(' '));
    const [status, body] = world.answers.shift() ?? [200, { channels: world.list }];
    const response = new Response(JSON.stringify(body), { status });
    if (world.isSlow) await new Promise<void>((resolve) => waiting.push(resolve));
    return response;
  });
  const channels = new Channels(store, api, clock, () => {
    world.signedOut += 1;
    channels.forget();
  });
  return {
    store,
    clock,
    requests,
    world,
    channels,
    answer: async () => {
      waiting.shift()?.();
      await settled();
    },
    state: () => store.get().channels,
    of: (name: string) => store.get().channels.list?.find((each) => each.name === name),
  };
}

function news(name: string, change: Partial<ChannelEvent['channel']> = {}, at = '2026-01-31T12:00:05Z'): ChannelEvent {
  const window = { calls: 5, failed: 5, slow: 1 };
  return { topic: 'channel.changed', at, channel: { name, state: 'open', retry_after_ms: 4_000, window, ...change } };
}

describe('the list of channels', () => {
  it('is kept by events when nobody looks', async () => {
    const t = setUp();
    await t.channels.load();
    expect(t.of('policy')).toMatchObject({ state: 'closed', retryAt: null });
    t.channels.apply(news('policy'));
    expect(t.of('policy')).toMatchObject({
      state: 'open',
      since: '2026-01-31T12:00:05Z',
      retryAt: t.clock.now() + 4_000,
      window: { calls: 5, failed: 5, slow: 1, length_ms: 10_000 },
    });
    t.channels.apply(news('policy', { retry_after_ms: 0 }, '2026-01-31T12:00:06Z'));
    expect(t.of('policy')).toMatchObject({ since: '2026-01-31T12:00:05Z', retryAt: null });
    t.channels.apply(news('policy', { state: 'closed' }, '2026-01-31T11:59:59Z')); // Older than what is known.
    expect(t.of('policy')?.state).toBe('open');
    expect(t.requests).toEqual(['GET /api/v1/channels']);
  });

  it('takes what events tell while it is on its way for newer', async () => {
    const t = setUp();
    t.world.isSlow = true;
    const loading = t.channels.load();
    await settled();
    t.channels.apply(news('policy'));
    await t.answer();
    await loading;
    expect(t.of('policy')?.state).toBe('open');
  });

  it('does not take an answer of before for that to a later question', async () => {
    const t = setUp();
    t.world.isSlow = true;
    const first = t.channels.load();
    t.world.list = [channel('policy'), channel('audit')];
    const second = t.channels.load();
    await t.answer();
    expect(t.state().list).toBeNull();
    await t.answer();
    await Promise.all([first, second]);
    expect(t.state().list).toHaveLength(2);
  });

  it('is asked for anew when an event names one that it lacks', async () => {
    const t = setUp();
    await t.channels.load();
    t.world.list = [channel('audit', { state: 'open', retry_after_ms: 500 }), channel('policy')];
    t.channels.apply(news('audit'));
    t.channels.apply(news('audit'));
    await settled();
    expect(t.requests).toHaveLength(2);
    expect(t.of('audit')?.state).toBe('open');
  });

  it('stays when a question fails, with the reason, until one is answered', async () => {
    const t = setUp();
    await t.channels.load();
    t.world.answers.push([503, { title: 'The server is full' }]);
    await t.channels.load();
    expect(t.state()).toMatchObject({ list: [{ name: 'policy' }], error: 'The server is full' });
    await t.channels.load();
    expect(t.state().error).toBeNull();
    expect(t.world.signedOut).toBe(0);
  });

  it('is forgotten when the server does not know the page any more', async () => {
    const t = setUp();
    await t.channels.load();
    t.world.answers.push([401, { title: 'Not signed in' }]);
    await t.channels.load();
    expect(t.world.signedOut).toBe(1);
    expect(t.state().list).toBeNull();
  });
});

describe('somebody who looks at the channels', () => {
  it('has their figures brought, as often as the server has room for it', async () => {
    const t = setUp();
    const advance = async (ms: number) => {
      t.clock.advance(ms);
      await settled();
      return t.requests.length;
    };
    t.channels.setEvery(2_000);
    t.channels.onUp();
    expect(await advance(60_000)).toBe(0); // Nobody looks.
    const stop = t.channels.watch();
    expect(await advance(0)).toBe(1);
    expect(await advance(1_999)).toBe(1);
    expect(await advance(1)).toBe(2);
    t.channels.setEvery(10_000); // The server is nearly full.
    expect(await advance(9_999)).toBe(2);
    expect(await advance(1)).toBe(3);
    t.channels.apply(news('policy'));
    expect(await advance(250)).toBe(4);
    t.channels.setEvery(null); // The page is hidden.
    t.channels.apply(news('policy'));
    expect(await advance(60_000)).toBe(4);
    t.channels.setEvery(2_000);
    expect(await advance(0)).toBe(5);
    t.channels.onDown();
    expect(await advance(60_000)).toBe(5);
    t.channels.onUp();
    stop();
    expect(await advance(60_000)).toBe(5);
    expect(t.clock.pending).toBe(0);
  });
});

describe('a channel', () => {
  it('is set by hand, and left to itself again', async () => {
    const t = setUp();
    await t.channels.load();
    const override = { state: 'forced-open', who: 'ada', reason: 'a test', expires_at: null };
    t.world.answers.push([200, channel('policy', { state: 'forced-open', override })]);
    const wish = { state: 'open', reason: 'a test', ttl_s: 300 } as const;
    expect(await t.channels.hold('policy', wish)).toBeNull();
    expect(t.of('policy')).toMatchObject({ state: 'forced-open', override });
    t.world.answers.push([200, channel('policy')]);
    expect(await t.channels.release('policy')).toBeNull();
    expect(t.of('policy')).toMatchObject({ state: 'closed', override: null });
    expect(t.requests.slice(1)).toEqual([
      'PUT /api/v1/channels/policy/override {"state":"open","reason":"a test","ttl_s":300}',
      'DELETE /api/v1/channels/policy/override',
    ]);
  });

  it('is not shown as before by an answer that was on its way when it was set', async () => {
    const t = setUp();
    await t.channels.load();
    t.world.isSlow = true;
    const loading = t.channels.load();
    await settled();
    t.world.answers.push([200, channel('policy', { state: 'disabled' })]);
    t.world.isSlow = false;
    await t.channels.hold('policy', { state: 'disabled', reason: 'a test' });
    await t.answer();
    await loading;
    expect(t.of('policy')?.state).toBe('disabled');
  });

  it('is set by administrators only, and the page remembers that', async () => {
    const t = setUp();
    await t.channels.load();
    const wish = { state: 'disabled', reason: 'a test' } as const;
    t.world.answers.push([404, { title: 'There is no such channel', detail: 'a/b' }]);
    expect(await t.channels.hold('a/b', wish)).toBe('There is no such channel: a/b');
    expect(t.requests.at(-1)).toMatch(/^PUT \/api\/v1\/channels\/a%2Fb\/override /);
    expect(t.state().refusal).toBeNull();
    t.world.answers.push([403, { title: 'Forbidden', detail: 'this needs the role admin' }]);
    expect(await t.channels.hold('policy', wish)).toBe('this needs the role admin');
    expect(t.state().refusal).toBe('this needs the role admin');
    t.channels.forget(); // Somebody else signs in.
    expect(t.state().refusal).toBeNull();
  });
});
