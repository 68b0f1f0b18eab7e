import type { Terminal } from '@xterm/xterm';

/** A run of cells with the same look. Colours: null is the default, a number the palette, else RGB. */
export interface StyledRun {
  text: string;
  foreground: number | string | null;
  background: number | string | null;
  attributes: string[];
}

/** Every line of the active buffer, scrollback included; wrapped lines are joined. */
export function bufferText(terminal: Terminal): string {
  const buffer = terminal.buffer.active;
  const lines: string[] = [];
  for (let row = 0; row < buffer.length; row++) {
    const line = buffer.getLine(row);
    const isContinued = buffer.getLine(row + 1)?.isWrapped ?? false;
    const content = line?.translateToString(!isContinued) ?? '';
    if (line?.isWrapped && lines.length > 0) lines[lines.length - 1] += content;
    else lines.push(content);
  }
  return lines.join('\n').trimEnd();
}

/** The rows that the program draws on, top to bottom, whatever is scrolled into view. */
export function screenRows(terminal: Terminal): string[] {
  const buffer = terminal.buffer.active;
  return Array.from({ length: terminal.rows }, (_, row) => {
    return buffer.getLine(buffer.baseY + row)?.translateToString(true) ?? '';
  });
}

/** How one row of the screen looks. */
export function styledRow(terminal: Terminal, row: number): StyledRun[] {
  const buffer = terminal.buffer.active;
  const line = buffer.getLine(buffer.baseY + row);
  const runs: StyledRun[] = [];
  let lastLook = '';
  for (let x = 0; line && x < terminal.cols; x++) {
    const cell = line.getCell(x);
    if (!cell || cell.getWidth() === 0) continue;
    const colour = (isDefault: boolean, isRgb: boolean, value: number) =>
      isDefault ? null : isRgb ? `#${value.toString(16).padStart(6, '0')}` : value;
    const look = {
      foreground: colour(cell.isFgDefault(), cell.isFgRGB(), cell.getFgColor()),
      background: colour(cell.isBgDefault(), cell.isBgRGB(), cell.getBgColor()),
      attributes: [
        cell.isBold() ? 'bold' : '',
        cell.isItalic() ? 'italic' : '',
        cell.isUnderline() ? 'underline' : '',
        cell.isInverse() ? 'inverse' : '',
        cell.isDim() ? 'dim' : '',
      ].filter((name) => name !== ''),
    };
    const key = JSON.stringify(look);
    const chars = cell.getChars() || ' ';
    const last = runs.at(-1);
    if (last && key === lastLook) last.text += chars;
    else runs.push({ text: chars, ...look });
    lastLook = key;
  }
  return runs;
}
