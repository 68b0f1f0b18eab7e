import { describe, expect, it } from 'vitest';
import type { SnapshotReason } from '../../src/protocol/frames';
import type { Mode } from '../../src/protocol/messages';
import { ackIdleMs } from '../../src/session/ack_tracker';
import { Link } from '../../src/session/link';
import { resizeSettleMs, SessionStream, type StreamView } from '../../src/session/session_stream';
import { FakeSocket } from '../support/fake_socket';
import { ManualClock } from '../support/manual_clock';
import { SlowSink } from '../support/slow_sink';

const text = (value: string) => new TextEncoder().encode(value);

/** One stream over a real link, with the server's end in the test's hand. */
function setUp(mode: Mode = 'control') {
  const clock = new ManualClock();
  const sockets: FakeSocket[] = [];
  const sink = new SlowSink();
  const seen = { views: [] as StreamView[], snapshots: [] as SnapshotReason[], refused: [] as string[] };
  let numbers = 0;
  const link: Link = new Link(
    {
      clock,
      random: () => 0.5,
      openSocket: () => {
        const socket = new FakeSocket();
        sockets.push(socket);
        return socket;
      },
      isOffline: () => false,
      probe: () => Promise.resolve('none'),
    },
    {
      onState: () => undefined,
      onUp: (_, options) => stream.attach(options),
      onDown: () => stream.onLinkDown(),
      onActivity: () => undefined,
      onMessage: (message) => stream.onMessage(message),
      onFrame: (frame) => stream.onFrame(frame),
    },
  );
  const stream = new SessionStream(
    's1',
    link,
    clock,
    sink,
    {
      onView: (view) => seen.views.push(view),
      onSnapshot: (reason) => seen.snapshots.push(reason),
      onInputRefused: (why) => seen.refused.push(why),
    },
    () => ++numbers,
    { mode, size: { cols: 80, rows: 24 } },
  );
  link.connect();
  sockets[0]?.accept();
  const t = {
    clock,
    sink,
    seen,
    link,
    stream,
    get socket() {
      return sockets.at(-1) as FakeSocket;
    },
    attached(change: object = {}) {
      t.socket.tell({
        type: 'attached',
        stream: stream.number,
        session: 's1',
        epoch: 'e1',
        offset: 0,
        live_offset: 0,
        how: 'delta',
        reason: null,
        mode,
        cols: 80,
        rows: 24,
        holder: 'c1',
        ...change,
      });
    },
    output(offset: number, value: string) {
      t.socket.frame({ kind: 'output', stream: stream.number, offset, bytes: text(value) });
    },
    snapshot(offset: number, value: string, reason: SnapshotReason = 'first_attach') {
      t.socket.frame({ kind: 'snapshot', stream: stream.number, offset, reason, bytes: text(value) });
    },
    reconnect(code = 1006) {
      t.socket.drop(code);
      clock.advance(2000);
      t.socket.accept();
    },
    written: () => sink.log.filter((entry) => !/^(reset|resize .*|\x18)$/.test(entry)).join(''),
  };
  return t;
}

/** Attached from the first byte, everything parsed. */
function live(mode: Mode = 'control') {
  const t = setUp(mode);
  t.attached(mode === 'view' ? { holder: null } : {});
  t.sink.parseAll();
  expect(t.stream.view.phase).toBe('live');
  return t;
}

describe('attaching', () => {
  it('asks without a cursor first and resumes by epoch and offset afterwards', () => {
    const t = live();
    expect(t.socket.last('attach')).toEqual({
      type: 'attach',
      stream: 1,
      session: 's1',
      cols: 80,
      rows: 24,
      mode: 'control',
    });
    t.output(0, 'hello');
    t.reconnect();
    expect(t.socket.last('attach')).toMatchObject({ stream: 2, since: { epoch: 'e1', offset: 5 } });
  });

  it('goes on without a reset after a delta, and drops what it has already', () => {
    const t = live();
    t.output(0, 'hello');
    t.reconnect();
    t.attached({ offset: 3, live_offset: 9 });
    t.output(3, 'lo wo');
    t.output(8, 'rld');
    t.sink.parseAll();
    expect(t.written()).toBe('hello world');
    expect(t.sink.log.filter((entry) => entry === 'reset').length).toBe(1);
  });

  it('asks for the screen again when the connection went before its snapshot came', () => {
    const t = setUp();
    t.attached({ how: 'snapshot', reason: 'first_attach', offset: 40, live_offset: 40 });
    t.reconnect();
    expect(t.socket.last('attach')).not.toHaveProperty('since');
    t.attached({ how: 'snapshot', reason: 'first_attach', offset: 50, live_offset: 50 });
    t.snapshot(50, 'SCREEN');
    t.reconnect();
    expect(t.socket.last('attach')).toMatchObject({ since: { epoch: 'e1', offset: 50 } });
  });

  it('starts anew when the epoch is another one', () => {
    const t = live();
    t.output(0, 'hello');
    t.sink.parseAll();
    t.reconnect();
    t.attached({ epoch: 'e2', how: 'snapshot', reason: 'epoch_changed', offset: 40, live_offset: 40 });
    t.snapshot(40, 'SCREEN', 'epoch_changed');
    t.output(40, '!');
    t.sink.parseAll();
    expect(t.sink.log.slice(-4)).toEqual(['\x18', 'reset', 'SCREEN', '!']);
    expect(t.seen.snapshots).toEqual(['epoch_changed']);
    t.reconnect();
    expect(t.socket.last('attach')).toMatchObject({ since: { epoch: 'e2', offset: 41 } });
  });

  it('ignores output that a snapshot on its way will replace', () => {
    const t = setUp();
    t.attached({ how: 'snapshot', offset: 100, live_offset: 100 });
    t.output(90, 'old');
    t.snapshot(100, 'S');
    t.sink.parseAll();
    expect(t.written()).toBe('S');
  });

  it('asks for a snapshot after it was cut for not reading', () => {
    const t = live();
    t.output(0, 'hello');
    t.reconnect(4008);
    expect(t.socket.last('attach')).not.toHaveProperty('since');
  });

  it('shows a refusal and can be tried again', () => {
    const t = setUp();
    t.socket.tell({ type: 'error', stream: 1, code: 'no-such-session', message: 'There is no such session.' });
    expect(t.stream.view).toMatchObject({ phase: 'failed', error: { code: 'no-such-session' } });
    t.stream.attach();
    expect(t.stream.view).toMatchObject({ phase: 'attaching', error: null });
  });

  it('asks once for a refresh when an offset does not fit, and never shows the gap', () => {
    const t = live();
    t.output(0, 'hello');
    t.output(9, 'world');
    t.output(14, '!');
    t.sink.parseAll();
    expect(t.written()).toBe('hello');
    expect(t.socket.messages.filter((m) => m.type === 'refresh').length).toBe(1);
    t.snapshot(15, 'whole', 'refresh');
    t.output(15, '?');
    t.sink.parseAll();
    expect(t.written()).toBe('hellowhole?');
  });
});

describe('replies to queries', () => {
  it('may leave for live output while this page holds the session', () => {
    const t = setUp();
    t.attached({ offset: 0, live_offset: 3 });
    t.output(0, 'oldnew');
    const may: boolean[] = [];
    t.sink.parse(); // the reset's CAN
    t.sink.parse(() => may.push(t.stream.mayReply));
    t.sink.parse(() => may.push(t.stream.mayReply));
    expect(may).toEqual([false, true]);
  });

  it('never leave from a snapshot, nor when another page holds the session', () => {
    const t = setUp();
    const may: boolean[] = [];
    const hook = () => may.push(t.stream.mayReply);
    t.attached({ how: 'snapshot', offset: 5, live_offset: 5 });
    t.snapshot(5, 'S');
    t.sink.parse(hook);
    t.sink.parse(hook);
    t.socket.tell({ type: 'control', stream: 1, holder: 'c2', you: false });
    t.output(5, 'x');
    t.sink.parse(hook);
    t.socket.tell({ type: 'control', stream: 1, holder: 'c1', you: true });
    t.output(6, 'y');
    t.sink.parse(hook);
    expect(may).toEqual([false, false, false, true]);
  });
});

describe('acks', () => {
  it('tell what was parsed, not what was received', () => {
    const t = live();
    t.output(0, 'hello');
    t.clock.advance(1000);
    expect(t.socket.frames).toEqual([]);
    t.sink.parseAll();
    t.clock.advance(ackIdleMs);
    expect(t.socket.frames).toEqual([{ kind: 'ack', stream: 1, offset: 5 }]);
  });

  it('of a snapshot follow as soon as it has been parsed', () => {
    const t = live();
    t.snapshot(5000, 'S', 'fell_behind');
    t.sink.parseAll();
    expect(t.socket.frames).toEqual([{ kind: 'ack', stream: 1, offset: 5000 }]);
  });

  it('are not sent for a connection that is gone', () => {
    const t = live();
    t.output(0, 'hello');
    t.socket.drop(1006);
    t.sink.parseAll();
    t.clock.advance(200);
    expect(t.stream.view.phase).toBe('detached');
    expect(t.socket.frames).toEqual([]);
  });
});

describe('size', () => {
  it('is sent by the holder, the last of a series only', () => {
    const t = live();
    for (let cols = 81; cols <= 90; cols++) {
      t.stream.setWantedSize({ cols, rows: 30 });
      t.clock.advance(resizeSettleMs / 2);
    }
    expect(t.socket.last('resize')).toBeUndefined();
    t.clock.advance(resizeSettleMs);
    expect(t.socket.messages.filter((m) => m.type === 'resize')).toEqual([
      { type: 'resize', stream: 1, cols: 90, rows: 30 },
    ]);
  });

  it('is not sent when it is the session’s already, and goes back when asked in between', () => {
    const t = live();
    const settle = (cols: number) => {
      t.stream.setWantedSize({ cols, rows: 24 });
      t.clock.advance(resizeSettleMs);
    };
    settle(80);
    expect(t.socket.last('resize')).toBeUndefined();
    settle(100);
    settle(80); // before the answer to 100
    expect(t.socket.last('resize')).toMatchObject({ cols: 80 });
  });

  it('changes the terminal where the server says so in the output', () => {
    const t = live();
    t.output(0, 'wide');
    t.socket.tell({ type: 'resized', stream: 1, cols: 40, rows: 10 });
    t.output(4, 'narrow');
    t.sink.parseAll();
    expect(t.sink.log.slice(-3)).toEqual(['wide', 'resize 40x10', 'narrow']);
    expect(t.stream.view.size).toEqual({ cols: 40, rows: 10 });
  });

  it('of a viewer is never sent, until it becomes the holder', () => {
    const t = setUp();
    t.attached({ holder: 'c2' });
    t.sink.parseAll();
    t.stream.setWantedSize({ cols: 120, rows: 40 });
    t.clock.advance(1000);
    expect(t.socket.last('resize')).toBeUndefined();
    t.socket.tell({ type: 'control', stream: 1, holder: 'c1', you: true });
    expect(t.socket.last('resize')).toMatchObject({ cols: 120, rows: 40 });
  });

  it('waits for the end of a replay', () => {
    const t = setUp();
    t.attached({ live_offset: 5 });
    t.stream.setWantedSize({ cols: 120, rows: 40 });
    t.clock.advance(1000);
    t.output(0, 'hello');
    expect(t.socket.last('resize')).toBeUndefined();
    t.sink.parseAll();
    expect(t.socket.last('resize')).toMatchObject({ cols: 120, rows: 40 });
  });
});

describe('input', () => {
  it('goes to the stream', () => {
    const t = live();
    t.stream.sendInput(text('ls\r'));
    expect(t.socket.frames).toEqual([{ kind: 'input', stream: 1, bytes: text('ls\r') }]);
  });

  it('goes nowhere, and says so, when watching, disconnected or over', () => {
    const viewer = live('view');
    viewer.stream.sendInput(text('x'));
    expect(viewer.seen.refused).toEqual(['view_mode']);
    expect(viewer.socket.frames).toEqual([]);

    const t = live();
    t.socket.drop(1006);
    t.stream.sendInput(text('x'));
    expect(t.seen.refused).toEqual(['disconnected']);

    const over = live();
    over.socket.tell({ type: 'exited', stream: 1, status: 3 });
    over.stream.sendInput(text('x'));
    expect(over.seen.refused).toEqual(['exited']);
  });
});

describe('control', () => {
  it('a watcher takes over with a new attachment at the same place', () => {
    const t = live('view');
    t.output(0, 'hello');
    t.stream.takeControl();
    const types = () => t.socket.messages.map((m) => m.type);
    expect(types()).toEqual(['attach', 'detach', 'attach']);
    // The holder comes with the attachment; only a server that answers otherwise is asked again.
    t.attached({ offset: 5, live_offset: 5, holder: 'c2', mode: 'control' });
    expect(types().at(-1)).toBe('take_control');
    expect(t.socket.last('attach')).toMatchObject({ stream: 2, mode: 'control', since: { epoch: 'e1', offset: 5 } });
    expect(t.socket.last('take_control')).toEqual({ type: 'take_control', stream: 2 });
  });
});

describe('errors', () => {
  it('end the stream when the session is gone, and are only told otherwise', () => {
    const t = live();
    t.socket.tell({ type: 'error', stream: 1, code: 'bad_size', message: 'Too large.' });
    expect(t.stream.view).toMatchObject({ phase: 'live', error: { code: 'bad_size' } });
    t.socket.tell({ type: 'error', stream: 1, code: 'no-such-session', message: 'Gone.' });
    expect(t.stream.view).toMatchObject({ phase: 'failed', isHolder: false });
  });
});

describe('exit', () => {
  it('shows after the last byte has been parsed and stays through a reconnect', () => {
    const t = live();
    t.output(0, 'bye');
    t.socket.tell({ type: 'exited', stream: 1, status: 3 });
    expect(t.stream.view.phase).toBe('live');
    t.sink.parseAll();
    expect(t.stream.view).toMatchObject({ phase: 'exited', exit: { status: 3, signal: null } });
    t.socket.drop(1006);
    expect(t.stream.view.phase).toBe('exited');
  });

  it('names the signal', () => {
    const t = live();
    t.socket.tell({ type: 'exited', stream: 1, signal: 'KILL' });
    expect(t.stream.view.exit).toEqual({ status: null, signal: 'KILL' });
  });
});

describe('lag', () => {
  it('is shown and gone when everything has been parsed', () => {
    const t = live();
    t.output(0, 'hello');
    t.socket.tell({ type: 'lag', stream: 1, bytes: 70_000 });
    expect(t.stream.view.lagBytes).toBe(70_000);
    t.sink.parseAll();
    expect(t.stream.view.lagBytes).toBe(0);
  });
});
