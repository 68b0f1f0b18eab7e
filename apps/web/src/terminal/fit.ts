/** Sizes that a session may have, as the server accepts them. */
export const minCols = 2;
export const minRows = 1;
export const maxCols = 1000;
export const maxRows = 1000;
export const minFontSize = 5;

export interface Box {
  width: number;
  height: number;
}

/** Columns and rows that fill `area` with cells of this size. */
export function fitGrid(area: Box, cell: Box): { cols: number; rows: number } | null {
  if (!(cell.width > 0 && cell.height > 0 && area.width > 0 && area.height > 0)) return null;
  const clamp = (value: number, low: number, high: number) =>
    Math.max(low, Math.min(high, Math.floor(value)));
  return {
    cols: clamp(area.width / cell.width, minCols, maxCols),
    rows: clamp(area.height / cell.height, minRows, maxRows),
  };
}

/**
 * The font size, not above the user's, at which a foreign grid fits into `area`; in half pixels.
 * `cell` is the size of a cell at the user's font size.
 */
export function fitFont(
  area: Box,
  cell: Box,
  grid: { cols: number; rows: number },
  userFontSize: number,
): number {
  const scale = Math.min(
    1,
    area.width / (cell.width * grid.cols),
    area.height / (cell.height * grid.rows),
  );
  return Math.max(minFontSize, Math.floor(userFontSize * scale * 2) / 2);
}
