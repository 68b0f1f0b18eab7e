import headless from '@xterm/headless';
import { beforeEach, describe, expect, it } from 'vitest';
import { ReplyGate, type GatedTerminal } from '../../src/terminal/reply_gate';

/** Everything that xterm.js 6 answers by itself, and what it would answer if it knew how. */
const queries: Record<string, string> = {
  DA1: '\x1b[c',
  'DA1 with 0': '\x1b[0c',
  DA2: '\x1b[>c',
  DA3: '\x1b[=c',
  'DSR 5': '\x1b[5n',
  CPR: '\x1b[6n',
  DECXCPR: '\x1b[?6n',
  'DECRQM ansi': '\x1b[4$p',
  'DECRQM private': '\x1b[?2004$p',
  DECRQSS: '\x1bP$qm\x1b\\',
  'DECRQSS margins': '\x1bP$qr\x1b\\',
  XTGETTCAP: '\x1bP+q544e\x1b\\',
  XTVERSION: '\x1b[>q',
  DECREQTPARM: '\x1b[x',
  DECRQPSR: '\x1b[1$w',
  'kitty keyboard': '\x1b[?u',
  'window size': '\x1b[18t',
  'window size in pixels': '\x1b[14t',
  'cell size': '\x1b[16t',
  'palette colour': '\x1b]4;1;?\x07',
  foreground: '\x1b]10;?\x07',
  background: '\x1b]11;?\x1b\\',
  'cursor colour': '\x1b]12;?\x07',
};

function setUp() {
  const terminal = new headless.Terminal({
    allowProposedApi: true,
    cols: 80,
    rows: 24,
    windowOptions: { getWinSizeChars: true, getWinSizePixels: true, getCellSizePixels: true },
  });
  const world = { mayReply: true };
  const gate = new ReplyGate(terminal as unknown as GatedTerminal, () => world.mayReply);
  const replies: string[] = [];
  terminal.onData((data) => replies.push(data));
  const write = (data: string) => new Promise<void>((resolve) => terminal.write(data, resolve));
  const screen = () => terminal.buffer.active.getLine(0)?.translateToString(true);
  return { terminal, world, gate, replies, write, screen };
}

let t: ReturnType<typeof setUp>;
beforeEach(() => {
  t = setUp();
});

describe('ReplyGate', () => {
  for (const [name, query] of Object.entries(queries)) {
    it(`lets no reply to ${name} out when this page may not answer`, async () => {
      t.world.mayReply = false;
      await t.write(`a${query}b`);
      expect(t.replies).toEqual([]);
      expect(t.screen()).toBe('ab');
    });
  }

  it('lets the holder answer', async () => {
    await t.write('\x1b[c\x1b[5n\x1b[3;4H\x1b[6n\x1b[?2004$p\x1bP$qm\x1b\\\x1b[18t');
    expect(t.replies).toEqual([
      '\x1b[?1;2c',
      '\x1b[0n',
      '\x1b[3;4R',
      '\x1b[?2004;2$y',
      '\x1bP1$r0m\x1b\\',
      '\x1b[8;24;80t',
    ]);
  });

  it('decides at the place of the query in the output, not at the time of the write', async () => {
    t.world.mayReply = false;
    const first = t.write('\x1b[5n');
    const change = new Promise<void>((resolve) =>
      t.terminal.write('', () => {
        t.world.mayReply = true;
        resolve();
      }),
    );
    const second = t.write('\x1b[6n');
    await Promise.all([first, change, second]);
    expect(t.replies).toEqual(['\x1b[1;1R']);
  });

  it('keeps what is not a query working', async () => {
    t.world.mayReply = false;
    await t.write('\x1b[?1004h\x1b[?2004h\x1b[22t\x1b]4;1;#ff0000\x07\x1b]10;#ffffff\x07\x1b[2;5Hx');
    expect(t.terminal.modes.sendFocusMode).toBe(true);
    expect(t.terminal.modes.bracketedPasteMode).toBe(true);
    expect(t.terminal.buffer.active.cursorX).toBe(5);
  });

  it('lets focus reports of the holder out only', () => {
    expect(t.gate.isUnwanted('\x1b[I')).toBe(false);
    t.world.mayReply = false;
    expect(t.gate.isUnwanted('\x1b[I')).toBe(true);
    expect(t.gate.isUnwanted('\x1b[O')).toBe(true);
    expect(t.gate.isUnwanted('a')).toBe(false);
    expect(t.gate.isUnwanted('\x1b[A')).toBe(false);
  });
});
