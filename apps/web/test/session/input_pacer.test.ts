import { describe, expect, it } from 'vitest';
import { inputBurstBytes, inputMaxBytes, InputPacer, inputPieceBytes } from '../../src/session/input_pacer';
import { ManualClock } from '../support/manual_clock';

function setUp() {
  const clock = new ManualClock();
  const sent: Uint8Array[] = [];
  const world = { isUp: true };
  const pacer = new InputPacer(clock, (bytes) => {
    if (world.isUp) sent.push(bytes);
    return world.isUp;
  });
  const total = () => sent.reduce((sum, bytes) => sum + bytes.length, 0);
  return { clock, sent, pacer, world, total };
}

describe('InputPacer', () => {
  it('sends keys at once', () => {
    const { sent, pacer } = setUp();
    for (let i = 0; i < 100; i++) pacer.push(new Uint8Array([i]));
    expect(sent.length).toBe(100);
  });

  it('cuts a large paste, keeps its order and paces it', () => {
    const { clock, sent, pacer, total } = setUp();
    const paste = new Uint8Array(1 << 20).map((_, i) => (i * 31) >> 3);
    expect(pacer.push(paste)).toBe(true);
    pacer.push(new Uint8Array([255]));
    expect(total()).toBe(inputBurstBytes);
    clock.advance(1000);
    expect(total()).toBeLessThan(500_000);
    clock.advance(60_000);
    expect(total()).toBe(paste.length + 1);
    expect(Math.max(...sent.map((bytes) => bytes.length))).toBeLessThanOrEqual(inputPieceBytes);
    expect(Buffer.concat(sent).subarray(0, -1).equals(Buffer.from(paste))).toBe(true);
  });

  it('refuses what is more than its bound', () => {
    const { pacer, sent } = setUp();
    expect(pacer.push(new Uint8Array(inputMaxBytes + 1))).toBe(false);
    expect(sent).toEqual([]);
  });

  it('forgets the rest when the connection goes: half a paste must not follow later', () => {
    const { clock, pacer, world, total } = setUp();
    pacer.push(new Uint8Array(1 << 20));
    world.isUp = false;
    clock.advance(1000);
    world.isUp = true;
    clock.advance(10_000);
    expect(total()).toBe(inputBurstBytes);
    expect(clock.pending).toBe(0);
  });
});
