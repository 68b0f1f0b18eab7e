import { describe, expect, it } from 'vitest';
import { fitFont, fitGrid, maxCols, minFontSize } from '../../src/terminal/fit';

const cell = { width: 8, height: 16 };

describe('fitGrid', () => {
  it('fills the area with whole cells, within the bounds of a session', () => {
    expect(fitGrid({ width: 807, height: 399 }, cell)).toEqual({ cols: 100, rows: 24 });
    expect(fitGrid({ width: 1, height: 1 }, cell)).toEqual({ cols: 2, rows: 1 });
    expect(fitGrid({ width: 1e6, height: 100 }, cell)?.cols).toBe(maxCols);
  });

  it('says nothing while there is no area or no cell', () => {
    expect(fitGrid({ width: 0, height: 100 }, cell)).toBeNull();
    expect(fitGrid({ width: 100, height: 100 }, { width: 0, height: 0 })).toBeNull();
    expect(fitGrid({ width: 100, height: 100 }, { width: NaN, height: 1 })).toBeNull();
  });
});

describe('fitFont', () => {
  const area = { width: 800, height: 400 };
  it('keeps the user’s size when the grid fits and scales down when it does not', () => {
    expect(fitFont(area, cell, { cols: 80, rows: 24 }, 14)).toBe(14);
    expect(fitFont(area, cell, { cols: 200, rows: 24 }, 14)).toBe(7);
    expect(fitFont(area, cell, { cols: 80, rows: 50 }, 14)).toBe(7);
    expect(fitFont(area, cell, { cols: 1000, rows: 50 }, 14)).toBe(minFontSize);
  });
});
