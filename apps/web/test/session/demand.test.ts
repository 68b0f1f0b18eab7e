import { describe, expect, it } from 'vitest';
import { demandOf, pressureLevel, type Demand, type PressureLevel } from '../../src/session/demand';

/** For comparing: what is held back asks for nothing, however long one waits. */
const pauses = ({ pingEveryMs, listWithinMs }: Demand) => [pingEveryMs ?? Infinity, listWithinMs ?? Infinity];

it('of figures is only for somebody who looks, and falls with the room', () => {
  const levels: PressureLevel[] = [0, 1, 2];
  for (const level of levels) expect(demandOf(level, true).usageEveryMs).toBeNull();
  expect(levels.map((level) => demandOf(level, false).usageEveryMs)).toEqual([5_000, 30_000, null]);
  for (const level of levels) expect(demandOf(level, true).channelsEveryMs).toBeNull();
  expect(levels.map((level) => demandOf(level, false).channelsEveryMs)).toEqual([2_000, 10_000, 30_000]);
});

describe('demand', () => {
  const levels: PressureLevel[] = [0, 1, 2];

  for (const isHidden of [false, true]) {
    it(`of a ${isHidden ? 'hidden' : 'shown'} page falls with each level`, () => {
      const [none, some, full] = levels.map((level) => pauses(demandOf(level, isHidden)));
      for (const i of [0, 1]) {
        expect(some?.[i]).toBeGreaterThan(none?.[i] ?? 0);
        expect(full?.[i]).toBeGreaterThan(some?.[i] ?? 0);
      }
    });
  }

  it('of a hidden page is never larger than of a shown one', () => {
    for (const level of levels) {
      const [shown, hidden] = [pauses(demandOf(level, false)), pauses(demandOf(level, true))];
      for (const i of [0, 1]) expect(hidden[i]).toBeGreaterThanOrEqual(shown[i] ?? 0);
    }
  });

  it('of a hidden page at a full server is nothing; a shown one is kept right', () => {
    expect(demandOf(2, true)).toEqual({
      pingEveryMs: null,
      listWithinMs: null,
      usageEveryMs: null,
      channelsEveryMs: null,
    });
    expect(pauses(demandOf(2, false)).every(Number.isFinite)).toBe(true);
  });

  it('knows three levels, whatever it is told', () => {
    expect([-1, 0, 0.9, 1, 2, 3, 99].map(pressureLevel)).toEqual([0, 0, 0, 1, 2, 2, 2]);
  });
});
