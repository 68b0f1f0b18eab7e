import { describe, expect, it } from 'vitest';
import type { Frame } from '../../src/protocol/frames';
import type { ServerMessage } from '../../src/protocol/messages';
import {
  checkTimeoutMs,
  helloTimeoutMs,
  limitedAttempts,
  Link,
  pingEveryMs,
  pongTimeoutMs,
  slowReconnectMs,
  stableMs,
  type LinkState,
  type Refusal,
} from '../../src/session/link';
import { FakeSocket } from '../support/fake_socket';
import { ManualClock } from '../support/manual_clock';

function setUp() {
  const clock = new ManualClock();
  const sockets: FakeSocket[] = [];
  const world = { refusal: 'none' as Refusal, isOffline: false, random: 0.5 };
  const seen = {
    states: [] as LinkState[],
    ups: [] as { fresh: boolean }[],
    downs: 0,
    messages: [] as ServerMessage[],
    frames: [] as Frame[],
  };
  const link = new Link(
    {
      clock,
      random: () => world.random,
      openSocket: () => {
        const socket = new FakeSocket();
        sockets.push(socket);
        return socket;
      },
      isOffline: () => world.isOffline,
      probe: () => Promise.resolve(world.refusal),
    },
    {
      onState: (state) => seen.states.push(state),
      onUp: (_hello, options) => seen.ups.push(options),
      onDown: () => seen.downs++,
      onMessage: (message) => seen.messages.push(message),
      onFrame: (frame) => seen.frames.push(frame),
    },
  );
  return {
    clock,
    world,
    seen,
    link,
    sockets,
    get socket() {
      return sockets.at(-1) as FakeSocket;
    },
  };
}

function connected() {
  const t = setUp();
  t.link.connect();
  t.socket.accept();
  return t;
}

/** Lets the promise of a probe arrive. */
const settled = () => new Promise<void>((resolve) => setTimeout(resolve));

describe('Link', () => {
  it('is up after hello, not before', () => {
    const t = setUp();
    t.link.connect();
    t.socket.onopen?.();
    expect(t.link.isUp).toBe(false);
    expect(t.link.send({ type: 'detach', stream: 1 })).toBe(false);
    t.socket.accept();
    expect(t.link.state.kind).toBe('connected');
    expect(t.seen.ups).toEqual([{ fresh: false }]);
    expect(t.link.connection).toBe('c1');
  });

  it('reconnects with full jitter and a growing ceiling', () => {
    const t = connected();
    const delays: number[] = [];
    for (let i = 0; i < 8; i++) {
      t.socket.onopen?.();
      t.socket.drop(1006);
      const state = t.link.state;
      if (state.kind !== 'waiting') throw new Error(state.kind);
      delays.push(state.retryAt - t.clock.now());
      t.clock.advance(state.retryAt - t.clock.now());
    }
    expect(delays).toEqual([250, 500, 1000, 2000, 4000, 8000, 15000, 15000]);
    expect(t.seen.downs).toBe(1);
  });

  it('starts the series anew only after a connection that lasted', () => {
    const t = connected();
    const delayAfter = (lifeMs: number) => {
      t.clock.advance(lifeMs);
      t.socket.drop(1006);
      const state = t.link.state;
      if (state.kind !== 'waiting') throw new Error(state.kind);
      const delay = state.retryAt - t.clock.now();
      t.clock.advance(delay);
      t.socket.accept();
      return delay;
    };
    expect(delayAfter(10)).toBe(250);
    expect(delayAfter(10)).toBe(500);
    expect(delayAfter(10)).toBe(1000);
    expect(delayAfter(stableMs)).toBe(250);
  });

  it('adds the hint of draining and of Retry-After', () => {
    const t = connected();
    t.socket.tell({ type: 'draining', reconnect_after_ms: 3000 });
    t.socket.drop(1012);
    expect(t.link.state).toMatchObject({ kind: 'waiting', retryAt: t.clock.now() + 3250 });
    const u = connected();
    u.socket.drop(1013, 'Retry-After: 9');
    expect(u.link.state).toMatchObject({ kind: 'waiting', retryAt: u.clock.now() + 9250 });
  });

  it('does not come back within 30 s after it did something wrong', () => {
    for (const code of [1002, 1003, 1007, 1009]) {
      const t = connected();
      t.socket.drop(code);
      t.clock.advance(slowReconnectMs - 1);
      expect(t.sockets.length).toBe(1);
      t.clock.advance(1);
      expect(t.sockets.length).toBe(2);
    }
  });

  it('stops, and stays stopped, on 4400–4499 and 1008; the user starts it again', () => {
    for (const code of [1008, 4401, 4403, 4408, 4409, 4410, 4429, 4444]) {
      const t = connected();
      t.socket.drop(code);
      expect(t.link.state).toMatchObject({ kind: 'stopped', code });
      t.clock.advance(3_600_000);
      t.link.checkNow();
      expect(t.sockets.length).toBe(1);
      t.link.connect();
      expect(t.sockets.length).toBe(2);
    }
  });

  it('gives up after five internal errors in a row', () => {
    const t = connected();
    for (let i = 0; i < limitedAttempts; i++) {
      t.socket.drop(1011);
      const { state } = t.link;
      if (state.kind !== 'waiting') throw new Error(state.kind);
      t.clock.advance(state.retryAt - t.clock.now());
      t.socket.accept();
    }
    t.socket.drop(1011);
    expect(t.link.state).toMatchObject({ kind: 'stopped', code: 1011 });
  });

  it('asks for snapshots after it was cut for not reading', () => {
    const t = connected();
    t.socket.drop(4008);
    t.clock.advance(1000);
    t.socket.accept();
    expect(t.seen.ups).toEqual([{ fresh: false }, { fresh: true }]);
    t.socket.drop(1006);
    t.clock.advance(1000);
    t.socket.accept();
    expect(t.seen.ups.at(-1)).toEqual({ fresh: false });
  });

  it('learns over HTTP why a handshake failed', async () => {
    const t = setUp();
    t.world.refusal = 'unauthenticated';
    t.link.connect();
    t.socket.drop(1006);
    await settled();
    expect(t.link.state).toMatchObject({ kind: 'stopped', code: 4401 });
    expect(t.link.state.kind === 'stopped' && t.link.state.rule.reaction).toBe('login');
  });

  it('goes on with backoff when the server is not there at all', async () => {
    const t = setUp();
    t.link.connect();
    t.socket.drop(1006);
    await settled();
    expect(t.link.state.kind).toBe('waiting');
    t.clock.advance(250);
    expect(t.sockets.length).toBe(2);
  });

  it('notices a silent peer by a ping, which data in front of the pong may delay', () => {
    const t = connected();
    t.clock.advance(pingEveryMs);
    expect(t.socket.last('ping')).toBeDefined();
    t.clock.advance(pongTimeoutMs - 1);
    t.socket.frame({ kind: 'output', stream: 1, offset: 0, bytes: new Uint8Array([65]) });
    t.clock.advance(1);
    expect(t.link.state.kind).toBe('connected');
    t.clock.advance(pongTimeoutMs);
    expect(t.link.state.kind).toBe('waiting');
    expect(t.sockets[0]?.isClosedByClient).toBe(true);
  });

  it('is quiet for a while after a pong', () => {
    const t = connected();
    t.clock.advance(pingEveryMs);
    t.socket.tell({ type: 'pong', id: 1 });
    t.clock.advance(pongTimeoutMs);
    expect(t.link.state.kind).toBe('connected');
    t.clock.advance(pingEveryMs);
    expect(t.link.state.kind).toBe('waiting');
  });

  it('takes what was on its way when the network went for no answer', () => {
    const t = connected();
    t.link.checkNow();
    t.clock.advance(100);
    t.socket.frame({ kind: 'output', stream: 1, offset: 0, bytes: new Uint8Array([65]) });
    t.clock.advance(checkTimeoutMs);
    expect(t.link.state.kind).toBe('waiting');
  });

  it('gives up on a server that accepts and says nothing', () => {
    const t = setUp();
    t.link.connect();
    t.socket.onopen?.();
    t.clock.advance(helloTimeoutMs);
    expect(t.link.state.kind).toBe('waiting');
  });

  it('checks now: pings when up, connects at once when waiting', () => {
    const t = connected();
    t.link.checkNow();
    expect(t.socket.messages.length).toBe(1);
    t.clock.advance(checkTimeoutMs);
    expect(t.link.state.kind).toBe('waiting');
    t.link.checkNow();
    expect(t.sockets.length).toBe(2);
    expect(t.link.state.kind).toBe('connecting');
    t.link.checkNow();
    expect(t.sockets.length).toBe(2);
  });

  it('shows offline, tries rarely, and connects when the network is back', () => {
    const t = connected();
    t.world.isOffline = true;
    t.socket.drop(1006);
    expect(t.link.state.kind).toBe('offline');
    t.clock.advance(29_000);
    expect(t.sockets.length).toBe(1);
    t.world.isOffline = false;
    t.link.checkNow();
    expect(t.sockets.length).toBe(2);
  });

  it('ends a connection that sends what cannot be decoded', () => {
    const t = connected();
    t.socket.onmessage?.({ data: new Uint8Array([0x55]).buffer });
    expect(t.socket.isClosedByClient).toBe(true);
    expect(t.link.state).toMatchObject({ kind: 'waiting' });
    expect(t.clock.pending).toBe(1);
  });

  it('hears nothing from a socket it has left', () => {
    const t = connected();
    const old = t.socket;
    const late = old.onmessage;
    t.clock.advance(pingEveryMs + pongTimeoutMs);
    late?.({ data: '{"type":"pressure","level":1}' });
    expect(old.onclose).toBeNull();
    t.link.close();
    expect(t.clock.pending).toBe(0);
    expect(t.link.state.kind).toBe('idle');
  });
});
