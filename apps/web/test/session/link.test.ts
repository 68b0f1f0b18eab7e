import { describe, expect, it } from 'vitest';
import { demandOf } from '../../src/session/demand';
import { checkTimeoutMs, pongTimeoutMs } from '../../src/session/heartbeat';
import { helloTimeoutMs, stableMs } from '../../src/session/link';
import { connectedStage, linkStage } from '../support/link_stage';

const pingEveryMs = demandOf(0, false).pingEveryMs as number;

describe('Link', () => {
  it('is up after hello, not before', () => {
    const t = linkStage();
    t.link.connect();
    t.socket.onopen?.();
    expect(t.link.isUp).toBe(false);
    expect(t.link.send({ type: 'detach', stream: 1 })).toBe(false);
    t.socket.accept();
    expect(t.link.state.kind).toBe('connected');
    expect(t.seen.ups).toEqual([{ fresh: false }]);
    expect(t.link.connection).toBe('c1');
  });

  it('tells what the server takes as a sign of a person', () => {
    const t = connectedStage();
    t.link.send({ type: 'ping', id: 1 });
    expect(t.seen.activities).toBe(0);
    t.link.send({ type: 'refresh', stream: 1 });
    t.link.sendFrame({ kind: 'ack', stream: 1, offset: 0 });
    expect(t.seen.activities).toBe(2);
    t.socket.drop(1006);
    t.link.send({ type: 'refresh', stream: 1 });
    expect(t.seen.activities).toBe(2);
  });

  it('reconnects with full jitter and a growing ceiling', () => {
    const t = connectedStage();
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
    const t = connectedStage();
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

  it('notices a silent peer by a ping, which data in front of the pong may delay', () => {
    const t = connectedStage();
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
    const t = connectedStage();
    t.clock.advance(pingEveryMs);
    t.socket.tell({ type: 'pong', id: 1 });
    t.clock.advance(pongTimeoutMs);
    expect(t.link.state.kind).toBe('connected');
    t.clock.advance(pingEveryMs);
    expect(t.link.state.kind).toBe('waiting');
  });

  it('pings as often as it is told, and not at all when told so', () => {
    const t = connectedStage();
    t.link.setPingEvery(2 * pingEveryMs);
    t.clock.advance(2 * pingEveryMs - 1);
    expect(t.socket.last('ping')).toBeUndefined();
    t.clock.advance(1);
    expect(t.socket.last('ping')).toBeDefined();
    t.link.setPingEvery(null); // The one that is under way is still judged.
    t.socket.tell({ type: 'pong', id: 1 });
    expect(t.clock.pending).toBe(0);
    t.link.checkNow();
    expect(t.socket.last('ping')).toEqual({ type: 'ping', id: 2 });
    t.socket.tell({ type: 'pong', id: 2 });
    t.link.setPingEvery(pingEveryMs);
    t.clock.advance(pingEveryMs + pongTimeoutMs);
    expect(t.link.state.kind).toBe('waiting');
  });

  it('takes what was on its way when the network went for no answer', () => {
    const t = connectedStage();
    t.link.checkNow();
    t.clock.advance(100);
    t.socket.frame({ kind: 'output', stream: 1, offset: 0, bytes: new Uint8Array([65]) });
    t.clock.advance(checkTimeoutMs);
    expect(t.link.state.kind).toBe('waiting');
  });

  it('gives up on a server that accepts and says nothing', () => {
    const t = linkStage();
    t.link.connect();
    t.socket.onopen?.();
    t.clock.advance(helloTimeoutMs);
    expect(t.link.state.kind).toBe('waiting');
  });

  it('checks now: pings when up, connects at once when waiting', () => {
    const t = connectedStage();
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
    const t = connectedStage();
    t.world.isOffline = true;
    t.socket.drop(1006);
    expect(t.link.state.kind).toBe('offline');
    t.clock.advance(29_000);
    expect(t.sockets.length).toBe(1);
    t.world.isOffline = false;
    t.link.checkNow();
    expect(t.sockets.length).toBe(2);
  });

  it('says why it stays away, in the words of the server', () => {
    const t = connectedStage();
    t.socket.drop(1008, 'closed by an administrator');
    expect(t.link.state).toMatchObject({ kind: 'stopped', code: 1008, reason: 'closed by an administrator' });
  });

  it('ends a connection that sends what cannot be decoded', () => {
    const t = connectedStage();
    t.socket.onmessage?.({ data: new Uint8Array([0x55]).buffer });
    expect(t.socket.isClosedByClient).toBe(true);
    expect(t.link.state).toMatchObject({ kind: 'waiting' });
    expect(t.clock.pending).toBe(1);
  });

  it('hears nothing from a socket it has left', () => {
    const t = connectedStage();
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
