'use strict';

// What an xterm.js terminal will do next, as plain data: all cells, both cursors, and the modes that
// its public interface does not show. Reads its insides, hence the exact version in package.json.

const { Terminal } = require('@xterm/headless');

const kindMask = 0x3000000;
const hasExtended = 0x10000000;

function color(value) {
  switch (value & kindMask) {
    case 0: return 0;
    case 0x3000000: return value & 0x3ffffff;
    default: return value & 0x30000ff; // SGR leaves the rest of an earlier RGB colour behind
  }
}
const foreground = (fg) => (fg & ~0x3ffffff) >>> 0 | color(fg);
const background = foreground;

function createTerminal(cols, rows, scrollback) {
  const term = new Terminal({ cols, rows, scrollback, allowProposedApi: true, logLevel: 'off' });
  const state = { term, core: term._core, replies: '', titles: [] };
  term.onData((data) => (state.replies += data));
  return state;
}

/** Parses at once. xterm.js' own write() waits for timers. */
function feed(state, data) {
  if (data.length > 0) state.core._inputHandler.parse(data);
}

function charsetName(state, charset) {
  if (charset === undefined) return 'B';
  if (!state.names) state.names = new Map();
  if (!state.names.has(charset)) state.names.set(charset, JSON.stringify(charset));
  return state.names.get(charset);
}

function linkOf(state, id) {
  const data = id ? state.core._oscLinkService.getLinkData(id) : undefined;
  return data ? `${data.id ?? ''};${data.uri}` : id ? 'gone' : '';
}

function extended(state, attrs) {
  return [(attrs._ext & 0x1c000000) | color(attrs._ext), linkOf(state, attrs.urlId)];
}

function lineState(state, line, cols) {
  const cells = [];
  for (let x = 0; x < cols; x++) {
    const bg = line.getBg(x);
    const cell = [line.getString(x), line.getWidth(x), foreground(line.getFg(x)), background(bg)];
    if (bg & hasExtended) cell.push(...extended(state, line._extendedAttrs[x]));
    cells.push(cell);
  }
  while (cells.length > 0 && isBlank(cells[cells.length - 1])) cells.pop();
  return { wrapped: line.isWrapped, cells };
}
const isBlank = (c) => c[0] === '' && c[1] === 1 && c[2] === 0 && c[3] === 0;

function bufferState(state, buffer, cols, rows, tail) {
  const lines = [];
  const from = Math.max(0, buffer.lines.length - rows - tail);
  for (let y = from; y < buffer.lines.length; y++) lines.push(lineState(state, buffer.lines.get(y), cols));
  const tabs = [];
  for (let x = 0; x < cols; x++) if (buffer.tabs[x]) tabs.push(x);
  const rel = Math.min(Math.max(buffer.savedY - buffer.ybase, 0), rows - 1);
  return {
    lines,
    scrollback: buffer.lines.length - rows - from,
    margins: [buffer.scrollTop, buffer.scrollBottom],
    tabs,
    saved: [
      Math.min(buffer.savedX || 0, cols - 1), rel, foreground(buffer.savedCurAttrData.fg),
      background(buffer.savedCurAttrData.bg), charsetName(state, buffer.savedCharset),
    ],
  };
}

function capture(state, tail = 1e9) {
  const { core } = state;
  const { cols, rows } = core;
  const input = core._inputHandler;
  const { normal, alt, active } = core.buffers;
  const { decPrivateModes: modes } = core.coreService;
  const pen = input._curAttrData;
  const result = {
    normal: bufferState(state, normal, cols, rows, tail),
    alt: bufferState(state, alt, cols, rows, tail),
    active: active === alt ? 'alternate' : 'normal',
    cursor: [active.x, active.y],
    pen: [foreground(pen.fg), background(pen.bg), ...extended(state, pen.extended)],
    charsets: [0, 1, 2, 3].map((i) => charsetName(state, core._charsetService._charsets[i])),
    glevel: core._charsetService.glevel,
    charset: charsetName(state, core._charsetService.charset),
    insert: core.coreService.modes.insertMode,
    modes: { ...modes },
    hidden: core.coreService.isCursorHidden,
    mouse: [core.coreMouseService.activeProtocol, core.coreMouseService.activeEncoding],
    convertEol: core.options.convertEol,
    blink: core.options.cursorBlink,
    title: input._windowTitle,
    icon: input._iconName,
    join: (input._parser.precedingJoinState >> 1) & 3,
    parser: input._parser.currentState,
  };
  delete result.modes.synchronizedOutput; // not part of a snapshot
  // The underline style is kept while nothing is underlined, but does nothing.
  if (!(pen.fg & 0x10000000) && !(pen.bg & hasExtended)) result.pen[2] &= ~0x1c000000;
  if (result.active === 'normal') result.alt.lines = [];
  return result;
}

module.exports = { createTerminal, feed, capture };
