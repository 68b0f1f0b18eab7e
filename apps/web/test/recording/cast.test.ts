import { describe, expect, it } from 'vitest';
import { hasEvents, placeOf, readCast, withTheme } from '../../src/recording/cast';
import { themes } from '../../src/terminal/themes';

const header = { version: 3, term: { cols: 80, rows: 24, type: 'xterm' }, timestamp: 1000 };
const events = [
  [0.25, 'o', 'one\r\n'],
  [1.5, 'o', 'a [bracket]\r\n'],
  [3600, 'o', 'much later'],
  [0.5, 'x', '0'],
];
const cast = [header, ...events].map((line) => JSON.stringify(line)).join('\n') + '\n';

describe('a recording', () => {
  it('has something to play, or not yet', () => {
    expect(hasEvents(cast)).toBe(true);
    expect(hasEvents(`${JSON.stringify({ ...header, title: '[x' })}\n`)).toBe(false);
  });

  it('gets the colours of the page and keeps the rest', () => {
    const lines = withTheme(cast, themes.dark).split('\n');
    const { term, timestamp } = JSON.parse(lines[0] ?? '');
    expect(timestamp).toBe(1000);
    expect(term).toMatchObject({ cols: 80, rows: 24, type: 'xterm' });
    expect(term.theme.fg).toBe(themes.dark.foreground);
    expect(term.theme.bg).toBe(themes.dark.background);
    const palette = term.theme.palette.split(':');
    expect(palette).toHaveLength(16);
    expect([palette[1], palette[15]]).toEqual([themes.dark.red, themes.dark.brightWhite]);
    for (const colour of palette) expect(colour).toMatch(/^#[0-9a-f]{6}$/);
    expect(lines.slice(1).join('\n')).toBe(cast.slice(cast.indexOf('\n') + 1));
  });

  it('is left to the player when it is damaged', () => {
    expect(withTheme('{"version":3\n[1,"o","x"]\n', themes.light)).toBe('{"version":3\n[1,"o","x"]\n');
    expect(placeOf('nothing', { at: '2026-01-31T12:00:00Z', word: 'x' }, 2)).toBe(0);
  });

  const place = (atMs: number, word = '') =>
    placeOf(cast, { at: new Date(atMs).toISOString(), word }, 2);

  it('is opened at the last event that is not later than the place', () => {
    expect(place(1_000_000)).toBe(0);
    expect(place(1_000_250)).toBe(0.25);
    expect(place(1_001_749)).toBe(0.25);
    expect(place(1_001_750)).toBe(1.75);
    expect(place(2_000_000)).toBe(1.75);
    expect(place(4_601_749)).toBe(1.75);
    expect(place(4_601_750)).toBe(3.75);
    expect(place(9_000_000)).toBe(4.25);
    expect(place(0)).toBe(0);
    expect(placeOf(cast, { at: 'no time', word: '' }, 2)).toBe(0);
  });

  it('is opened where the word is written, in the piece that begins then', () => {
    expect(place(1_000_250, 'one')).toBe(0.25);
    expect(place(1_000_250, '[bracket]')).toBe(1.75);
    expect(place(1_000_250, 'later')).toBe(3.75);
    expect(place(1_000_250, 'bracket]\r\nmuch')).toBe(3.75); // cut between two events
    expect(place(1_000_250, 'nowhere')).toBe(0.25);
    expect(place(9_000_000, 'one')).toBe(4.25); // long before
  });

  it('is not looked through without an end', () => {
    const noise = Array.from({ length: 300 }, () => JSON.stringify([0.01, 'o', 'x'.repeat(1024)]));
    const text = [JSON.stringify(header), ...noise, JSON.stringify([0.01, 'o', 'word'])].join('\n');
    expect(placeOf(text, { at: new Date(1_000_005).toISOString(), word: 'word' }, 2)).toBe(0);
  });
});

describe('reading a recording', () => {
  const bytes = new TextEncoder().encode(`${cast}[1,"o","é"]\n`);

  /** The recording in pieces of `size` bytes. */
  function stream(size: number) {
    let at = 0;
    let isCancelled = false;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (at >= bytes.length) return controller.close();
        controller.enqueue(bytes.slice(at, (at += size)));
      },
      cancel() {
        isCancelled = true;
      },
    });
    return { body, isCancelled: () => isCancelled };
  }

  it('takes it in any pieces', async () => {
    for (const size of [1, 7, 64, 10_000]) {
      const progress: number[] = [];
      const { text, isCut } = await readCast(stream(size).body, 10_000, (length) => progress.push(length));
      expect({ text, isCut }).toEqual({ text: `${cast}[1,"o","é"]\n`, isCut: false });
      expect(progress.at(-1)).toBe(text.length);
    }
  });

  it('takes whole lines up to its limit, and ends the rest', async () => {
    const wanted = cast.split('\n').slice(0, 2).join('\n') + '\n';
    const source = stream(5);
    const { text, isCut } = await readCast(source.body, wanted.length + 3, () => undefined);
    expect({ text, isCut }).toEqual({ text: wanted, isCut: true });
    expect(source.isCancelled()).toBe(true);
  });

  it('throws when it is broken off', async () => {
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(new TypeError('network error')),
    });
    await expect(readCast(body, 100, () => undefined)).rejects.toThrow('network error');
  });
});
