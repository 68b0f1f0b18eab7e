import headless from '@xterm/headless';
import { describe, expect, it } from 'vitest';
import { Link } from '../../src/session/link';
import { SessionStream } from '../../src/session/session_stream';
import { FakeSocket } from '../support/fake_socket';
import { ManualClock } from '../support/manual_clock';
import { seededRandom } from '../support/random';

type Terminal = InstanceType<typeof headless.Terminal>;

function newTerminal(): Terminal {
  return new headless.Terminal({ allowProposedApi: true, cols: 60, rows: 12, scrollback: 500 });
}

function contents(terminal: Terminal): string[] {
  const buffer = terminal.buffer.active;
  const lines = [`${buffer.type} ${buffer.cursorX},${buffer.cursorY} ${buffer.length}`];
  for (let row = 0; row < buffer.length; row++) {
    lines.push(buffer.getLine(row)?.translateToString(true) ?? '');
  }
  return lines;
}

const parts = [
  'plain text ',
  'grün 日本語 🐦 ',
  '\r\n',
  '\x1b[1;31mred\x1b[m',
  '\x1b[38;2;10;200;30mtrue\x1b[0m',
  '\x1b[2A\x1b[5C',
  '\x1b]0;title\x07',
  '\x1b[?1049h',
  '\x1b[?1049l',
  '\x1b[3;9r\x1b[r',
  '\x1b[2J\x1b[H',
  '\t',
  'x'.repeat(70),
];

/** A server that keeps everything: its snapshot is the whole output from the first byte. */
class ServerModel {
  readonly output: Uint8Array;
  sent = 0;
  stream = 0;
  constructor(random: () => number) {
    let text = '';
    while (text.length < 6000) text += parts[Math.floor(random() * parts.length)];
    this.output = new TextEncoder().encode(text);
  }
}

/** One random schedule: pieces cut anywhere, repeats, losses of the connection, snapshots. */
async function run(seed: number): Promise<{ got: string[]; want: string[]; acked: number[] }> {
  const random = seededRandom(seed);
  const pick = (n: number) => Math.floor(random() * n);
  const server = new ServerModel(random);
  const clock = new ManualClock();
  const terminal = newTerminal();
  let socket = new FakeSocket();
  let numbers = 0;
  const link: Link = new Link(
    {
      clock,
      random,
      openSocket: () => (socket = new FakeSocket()),
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
    's',
    link,
    clock,
    {
      write: (bytes, parsed) => terminal.write(bytes, parsed),
      reset: () => terminal.reset(),
      resize: (cols, rows) => terminal.resize(cols, rows),
    },
    { onView: () => undefined, onSnapshot: () => undefined, onInputRefused: () => undefined },
    () => ++numbers,
    { mode: 'control', size: { cols: 60, rows: 12 } },
  );

  const attach = () => {
    const wish = socket.last('attach');
    if (!wish || wish.stream === server.stream) return;
    server.stream = wish.stream;
    const base = {
      type: 'attached',
      stream: wish.stream,
      session: 's',
      epoch: 'e',
      live_offset: server.output.length,
      mode: 'control',
      cols: 60,
      rows: 12,
      holder: null,
    };
    if (wish.since && random() < 0.6) {
      // A server may start a little before what was asked for.
      server.sent = Math.max(0, wish.since.offset - pick(20));
      socket.tell({ ...base, how: 'delta', offset: server.sent, reason: null });
    } else {
      server.sent = pick(server.output.length);
      const reason = wish.since ? 'delta_gone' : 'first_attach';
      socket.tell({ ...base, how: 'snapshot', offset: server.sent, reason });
      snapshot(reason);
    }
  };
  const snapshot = (reason: 'first_attach' | 'delta_gone' | 'fell_behind' | 'refresh') => {
    socket.frame({
      kind: 'snapshot',
      stream: server.stream,
      offset: server.sent,
      reason,
      bytes: server.output.subarray(0, server.sent),
    });
  };
  const output = (length: number) => {
    const bytes = server.output.slice(server.sent, server.sent + length);
    socket.frame({ kind: 'output', stream: server.stream, offset: server.sent, bytes });
    server.sent += bytes.length;
  };

  link.connect();
  socket.accept();
  attach();
  for (let step = 0; step < 60; step++) {
    const dice = random();
    if (dice < 0.6) output(1 + pick(300));
    else if (dice < 0.7) {
      server.sent = Math.min(server.output.length, server.sent + pick(500));
      snapshot('fell_behind');
    } else if (dice < 0.75) {
      server.sent = Math.min(server.output.length, server.sent + pick(3)); // a fault of the server: the client must notice
      output(5);
      if (socket.messages.some((m) => m.type === 'refresh')) snapshot('refresh');
    } else if (dice < 0.85) await new Promise<void>((resolve) => setTimeout(resolve));
    else if (dice < 0.9) clock.advance(pick(300));
    else {
      socket.drop(1006);
      while (link.state.kind === 'waiting') clock.advance(100);
      socket.accept();
      attach();
    }
  }
  output(server.output.length);
  if (socket.messages.at(-1)?.type === 'refresh') snapshot('refresh');
  await new Promise<void>((resolve) => stream.pump.call(resolve));
  clock.advance(200);

  const reference = newTerminal();
  await new Promise<void>((resolve) => reference.write(server.output, resolve));
  const acked = socket.frames.flatMap((frame) => (frame.kind === 'ack' ? [frame.offset] : []));
  expect(acked.at(-1) ?? server.output.length).toBe(server.output.length);
  return { got: contents(terminal), want: contents(reference), acked };
}

describe('the byte ledger of a stream', () => {
  for (let seed = 1; seed <= 60; seed++) {
    it(`ends at the same screen as the whole output (seed ${seed})`, async () => {
      const { got, want, acked } = await run(seed);
      expect(got).toEqual(want);
      expect([...acked].sort((a, b) => a - b)).toEqual(acked);
    });
  }
});
