import { describe, expect, it } from 'vitest';
import { pumpMaxBytes, pumpPieceBytes, TerminalPump } from '../../src/session/terminal_pump';
import { SlowSink } from '../support/slow_sink';

const bytes = (text: string) => new TextEncoder().encode(text);
const can = '\x18';

function setUp() {
  const sink = new SlowSink();
  const parsed: number[] = [];
  const pump = new TerminalPump(sink, (offset) => parsed.push(offset));
  return { sink, parsed, pump };
}

describe('TerminalPump', () => {
  it('keeps resizes and calls exactly between the bytes they came between', () => {
    const { sink, pump } = setUp();
    pump.output(bytes('one'), 0, 0);
    pump.resize(100, 30);
    pump.output(bytes('two'), 3, 0);
    pump.call(() => sink.log.push('call'));
    sink.parse();
    expect(sink.log).toEqual(['one', 'resize 100x30']);
    sink.parse();
    expect(sink.log).toEqual(['one', 'resize 100x30', 'two', 'call']);
  });

  it('says for each byte that is parsed whether it is replay', () => {
    const { sink, pump } = setUp();
    const seen: [string, boolean][] = [];
    const parse = () => sink.parse(() => seen.push([sink.log.at(-1) as string, pump.isReplay]));
    pump.output(bytes('oldnew'), 10, 13);
    pump.output(bytes('live'), 16, 13);
    parse();
    parse();
    parse();
    expect(seen).toEqual([
      ['old', true],
      ['new', false],
      ['live', false],
    ]);
    expect(pump.isReplay).toBe(false);
  });

  it('is not in a replay between pieces: what the user does then is live', () => {
    const { sink, pump } = setUp();
    pump.snapshot(bytes('screen'), 50);
    expect(pump.isReplay).toBe(true);
    sink.parseAll();
    expect(pump.isReplay).toBe(false);
  });

  it('replaces by a snapshot also what still waits, ends a cut sequence, and reports its offset once', () => {
    const { sink, parsed, pump } = setUp();
    pump.output(bytes('a\x1b]0;cut'), 0, 0);
    pump.output(bytes('never parsed'), 8, 0);
    pump.snapshot(bytes('screen'), 100);
    pump.output(bytes('after'), 100, 0);
    sink.parseAll();
    expect(sink.log).toEqual(['a\x1b]0;cut', can, 'reset', 'screen', 'after']);
    // Offset 8 belonged to what the snapshot replaced: acknowledged, it could name bytes never sent.
    expect(parsed).toEqual([100, 105]);
  });

  it('keeps the size that came before a snapshot', () => {
    const { sink, pump } = setUp();
    pump.output(bytes('x'), 0, 0);
    pump.resize(90, 20);
    pump.snapshot(bytes('screen'), 100);
    sink.parseAll();
    expect(sink.log).toEqual(['x', 'resize 90x20', can, 'reset', 'screen']);
  });

  it('hands over small pieces and refuses more than its bound', () => {
    const { sink, parsed, pump } = setUp();
    expect(pump.output(new Uint8Array(pumpPieceBytes * 2 + 1), 0, 0)).toBe(true);
    sink.parseAll();
    expect(parsed).toEqual([pumpPieceBytes, pumpPieceBytes * 2, pumpPieceBytes * 2 + 1]);
    expect(pump.output(new Uint8Array(pumpMaxBytes), 0, 0)).toBe(true);
    expect(pump.output(new Uint8Array(pumpMaxBytes), 0, 0)).toBe(false);
  });

  it('works with a terminal that parses inside write(), thousands of pieces deep', () => {
    const got: number[] = [];
    const pump = new TerminalPump(
      { write: (_, parsed) => parsed(), reset: () => undefined, resize: () => undefined },
      (offset) => got.push(offset),
    );
    for (let i = 0; i < 5000; i++) pump.output(bytes('x'), i, 0);
    expect(got.length).toBe(5000);
    expect(pump.isIdle).toBe(true);
  });
});
