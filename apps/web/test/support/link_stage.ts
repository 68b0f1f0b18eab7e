import { expect } from 'vitest';
import type { Frame } from '../../src/protocol/frames';
import type { ServerMessage } from '../../src/protocol/messages';
import { Link } from '../../src/session/link';
import type { LinkState, Refusal } from '../../src/session/link_types';
import { FakeSocket } from './fake_socket';
import { ManualClock } from './manual_clock';

/** A link with the server's end, the clock and the network in the test's hand. */
export function linkStage() {
  const clock = new ManualClock();
  const sockets: FakeSocket[] = [];
  const world = { refusal: 'none' as Refusal, isOffline: false, random: 0.5, probes: 0 };
  const seen = {
    states: [] as LinkState[],
    ups: [] as { fresh: boolean }[],
    downs: 0,
    activities: 0,
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
      probe: () => {
        world.probes += 1;
        return Promise.resolve(world.refusal);
      },
    },
    {
      onState: (state) => seen.states.push(state),
      onUp: (_hello, options) => seen.ups.push(options),
      onDown: () => seen.downs++,
      onActivity: () => seen.activities++,
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
    /** How long it waits before the next attempt. */
    get delayMs() {
      const { state } = link;
      if (state.kind !== 'waiting') throw new Error(`${state.kind} in place of waiting`);
      return state.retryAt - clock.now();
    },
    /** Nothing happens before the time that it names; then it tries. */
    async pass(): Promise<number> {
      const delayMs = this.delayMs;
      const before = [sockets.length, world.probes];
      clock.advance(delayMs - 1);
      expect([sockets.length, world.probes]).toEqual(before);
      clock.advance(1);
      await settled();
      return delayMs;
    },
    /** The socket that is connecting fails, as a refused or unreachable one does in a browser. */
    async failHandshake(): Promise<void> {
      this.socket.drop(1006);
      await settled();
    },
  };
}

export function connectedStage() {
  const t = linkStage();
  t.link.connect();
  t.socket.accept();
  return t;
}

/** Lets promises that are already fulfilled arrive. */
export const settled = () => new Promise<void>((resolve) => setTimeout(resolve));
