'use strict';

// Random output of a terminal program, as a list of pieces (Buffers): text, sequences of every
// family the screen model knows, and rubbish. Pieces, so that a failing case can be made smaller by
// leaving some out.

const latin = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,;:-_#@[]{}|~`^\\$';
const words = ['error:', 'ls -la', 'foo/bar.cpp', 'warning', '  ', 'make[1]', 'Ready', '100%'];
const others = ['é', 'ß', '─', '│', '┌', '“', '…', '€', 'Ω', '☃', '𝄞', '🙂', '\u00a0', '\u00ad'];
const wides = ['世', '界', '漢', '字', '한', 'ｗ', '　', '𠀀', '。'];
const combinings = ['\u0301', '\u0308', '\u20dd', '\u200d', '\ufe0f', '\u0e31', '\u{e0100}'];
const bad = [
  [0xff], [0xc0, 0x80], [0xe2, 0x80], [0xf0, 0x9f], [0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80],
  [0xc3], [0xef, 0xbb, 0xbf], [0xe0, 0x80, 0xaf], [0xf4, 0x90, 0x80, 0x80],
];

const bytes = (text) => Buffer.from(text, 'utf8');
const csi = (text) => bytes('\x1b[' + text);

function text(r, size) {
  let out = '';
  const n = r.chance(70) ? r.between(1, 12) : r.between(1, 60);
  const kind = size && size.narrow ? r.below(5) : r.below(10);
  for (let i = 0; i < n; i++) {
    if (kind < 5 || (kind < 8 && r.chance(70))) out += r.chance(10) ? r.pick(words) : r.pick([...latin]);
    else if (kind < 8) out += r.pick(others);
    else out += r.chance(70) ? r.pick(wides) : r.pick([...latin]);
    if (kind >= 5 && r.chance(8)) out += r.pick(combinings);
  }
  return bytes(out);
}

function color(r, base) {
  switch (r.below(8)) {
    case 0: return `${base}`.slice(0, -1) + r.below(8);
    case 1: return `${base};5;${r.below(256)}`;
    case 2: return `${base};2;${r.below(256)};${r.below(256)};${r.below(256)}`;
    case 3: return `${base}:5:${r.below(256)}`;
    case 4: return `${base}:2::${r.below(256)}:${r.below(256)}:${r.below(256)}`;
    case 5: return `${base}:2:${r.below(256)}:${r.below(256)}:${r.below(256)}`;
    case 6: return `${base === 58 ? 59 : base + 1}`;
    default: return base === 58 ? '59' : `${(base === 38 ? 90 : 100) + r.below(8)}`;
  }
}

function sgr(r) {
  const one = () => {
    switch (r.below(12)) {
      case 0: return '0';
      case 1: return '';
      case 2: return `${r.between(1, 9)}`;
      case 3: return `${r.between(21, 29)}`;
      case 4: return `4:${r.below(7)}`;
      case 5: return r.pick(['53', '55', '4', '24', '7', '27', '1', '22']);
      case 6: case 7: return `${30 + r.below(8)}`;
      case 8: return `${40 + r.below(8)}`;
      case 9: return color(r, 38);
      case 10: return color(r, 48);
      default: return color(r, r.chance(50) ? 58 : 38);
    }
  };
  const list = [];
  for (let i = r.chance(70) ? 1 : r.between(2, 5); i > 0; i--) list.push(one());
  return csi(list.join(';') + 'm');
}

function number(r, size) {
  const k = r.below(20);
  if (k === 0) return '';
  if (k === 1) return '0';
  if (k === 2) return `${r.between(1, 3 * size)}`;
  return `${r.between(1, Math.max(1, size))}`;
}

function move(r, size) {
  const { cols, rows } = size;
  switch (r.below(9)) {
    case 0: case 1: case 2: return csi(`${number(r, rows)};${number(r, cols)}${r.pick(['H', 'f'])}`);
    case 3: return csi(number(r, rows >> 1) + r.pick([...'ABEFed']));
    case 4: case 5: return csi(number(r, cols >> 1) + r.pick([...'CDG`a']));
    case 6: return csi(number(r, rows) + 'd');
    case 7: return csi(r.below(4) + r.pick(['I', 'Z']));
    default: return bytes(r.pick(['\r', '\b', '\b\b', '\t', '\x1bM', '\x1bD', '\x1bE', '\x1b7', '\x1b8',
      '\x1b[s', '\x1b[u', '\u0084', '\x0b', '\x0c', '\x07', '\x00', '\x7f']));
  }
}

function edit(r, size) {
  const { cols, rows } = size;
  switch (r.below(9)) {
    case 0: return csi(r.pick(['', '0', '1', '2', '3']) + 'K');
    case 1: return csi(r.pick(['', '0', '1', '2', '2', '3']) + 'J');
    case 2: return csi(number(r, rows >> 1) + r.pick(['L', 'M']));
    case 3: return csi(number(r, cols >> 2) + r.pick(['@', 'P', 'X']));
    case 4: return csi(number(r, rows >> 2) + r.pick(['S', 'T']));
    case 5: return csi(number(r, 6) + 'b');
    case 6: return csi(number(r, 5) + r.pick([' @', ' A', "'}", "'~"]));
    case 7: return csi(r.pick(['?0J', '?1J', '?2J', '?K', '?1K', '?2K']));
    default: return csi(r.pick(['1"q', '0"q', '2"q']));
  }
}

const privateModes = [1, 2, 6, 7, 7, 9, 12, 25, 45, 66, 1000, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 1048,
  1049, 1049, 47, 1047, 2004, 2026, 3, 5, 4711];

function mode(r, size) {
  const { rows, cols } = size;
  switch (r.below(12)) {
    case 0: case 1: case 2: return csi(`?${r.pick(privateModes)}${r.chance(55) ? 'h' : 'l'}`);
    case 3: return csi(`?${r.pick(privateModes)};${r.pick(privateModes)}${r.chance(50) ? 'h' : 'l'}`);
    case 4: return csi(`${r.pick([4, 4, 20, 2])}${r.chance(40) ? 'h' : 'l'}`);
    case 5: return csi(`${number(r, rows)};${number(r, rows)}r`);
    case 6: return r.chance(60) ? csi('r') : csi(r.pick(['!p', '?7h', '4l', '?6l']));
    case 7: return bytes('\x1b' + r.pick([...'()*+-./']) + r.pick([...'0AB45CRQKYE6ZH7=x']));
    case 8: return bytes(r.pick(['\x0e', '\x0f', '\x1bn', '\x1bo', '\x1b|', '\x1b}', '\x1b~', '\x1b%@', '\x1b%G',
      '\x1b=', '\x1b>']));
    case 9: return csi(`${r.below(9)} q`);
    case 10: return r.pick([bytes('\x1bH'), csi('g'), csi('3g'), csi('0g'), csi(`${r.between(1, cols)}G\x1bH`)]);
    default: return r.pick([csi(`>${r.below(32)}u`), csi('<u'), csi(`=${r.below(32)};${r.between(1, 3)}u`),
      bytes('\x1b(0'), bytes('\x1b(B')]);
  }
}

function osc(r) {
  const end = r.pick(['\x07', '\x1b\\', '\x1b\\']);
  const url = r.pick(['http://example.org/a', 'file:///tmp/x', 'https://example.org/?q=1;2']);
  return bytes('\x1b]' + r.pick([
    '0;title ' + r.below(10), '2;τίτλος', '1;icon', '0;', '7;file://localhost/tmp', '133;A', '133;C', '133;D;1',
    '633;E;ls\\x3b;nonce', '9;hello', '777;notify;a;b', '4;1;rgb:ff/00/80', '4;1;?', '10;?', '11;#123456',
    '104', '104;1', '110', '112', '52;c;aGVsbG8=', '8;;' + url, '8;id=a;' + url, '8;;', '8;;', '8;;', '8;id=b;',
    ';', 'x', '4;', '5522;abc',
  ]) + end);
}

function query(r) {
  return r.pick([csi('c'), csi('0c'), csi('>c'), csi('=c'), csi('5n'), csi('6n'), csi('?6n'), csi('?15n'),
    csi(`?${r.pick(privateModes)}$p`), csi('4$p'), csi('20$p'), csi('18t'), csi('14t'), csi('22;0t'), csi('23;0t'),
    csi('>q'), csi('?u'), bytes('\x1bP$q' + r.pick(['m', 'r', '"q', '"p', ' q', 'x']) + '\x1b\\'),
    bytes('\x1bP+q544e\x1b\\'), csi('x')]);
}

function rubbish(r) {
  switch (r.below(9)) {
    case 0: return Buffer.from(r.pick(bad));
    case 1: return csi(`${r.below(99)};${r.below(99)}${r.pick([...'ijkopvwyz{|~'])}`);
    case 2: return bytes('\x1b' + r.pick([...'#%&/ ']) + r.pick([...'3456GN']));
    case 3: return csi(r.pick(['12\x18', '1;\x1a', '3\x1b[1m', '1\n2H', '1\r;2m', '?1<h', '1 2m', '38;5m', ':m',
      '1:2:3m', ';;;;m', '99999999999m', '>4;1m', '1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17;18;19;20;21;22;23;24;'
      + '25;26;27;28;29;30;31;32;33;34m', '\x7f5C', '38;2;1m', '58:5:3m', '38:5m']));
    case 4: return bytes(r.pick(['\x1b_Gabc\x1b\\', '\x1b^pm\x1b\\', '\x1bXsos\x1b\\', '\x1b_é', '\x1bPqabc\x1b\\',
      '\x1bP1;2|x\x1b\\', '\x1bP$qm\x18', '\x1b]0;cancelled\x18', '\x1bP$q\xc3\xa9\x1b\\']));
    case 5: return bytes(r.pick(['\u009b31m', '\u0085', '\u0084', '\u009d2;c1\u009c', '\u0090$qm\u009c', '\u008d',
      '\u009f x\u009c', '\u0088']));
    case 6: return bytes('\x1b[?6l\x1b#8'); // in origin mode xterm.js fills lines of its scrollback
    case 7: return r.chance(25) ? bytes('\x1bc') : bytes('\x1bZ');
    default: {
      const list = [];
      for (let i = r.between(1, 6); i > 0; i--) list.push(r.below(256));
      return Buffer.from(list);
    }
  }
}

function lines(r, size) {
  let out = '';
  for (let i = r.between(1, 6); i > 0; i--)
    out += text(r, size).toString('utf8').slice(0, r.between(0, 30)) + r.pick(['\r\n', '\r\n', '\n']);
  return bytes(out);
}

/** A stream of `count` pieces for a screen of the given size. */
function stream(r, size, count, options = {}) {
  // What a stream is made of differs, so that rare things also come in heaps.
  const weights = { text: 30, lines: 8, sgr: 14, move: 14, edit: 10, mode: 7, osc: 3, query: 2, rubbish: 2,
    combining: 2 };
  for (const name of Object.keys(weights))
    if (r.chance(25)) weights[name] *= r.pick([0, 2, 4]);
  // With wrapping off, wide characters overwrite each other in the last columns; the cells that this
  // leaves behind cannot all be drawn (see the decision record), so streams have one or the other.
  const wrapsAlways = options.wrapsAlways ?? !r.chance(15);
  const allowed = (piece) => {
    const bytes = piece.toString('latin1');
    if (wrapsAlways && /^\x1b\[\?([0-9;]*;)?7(;[0-9;]*)?l/.test(bytes)) return false;
    // Clearing the scrollback moves a cursor that was saved long ago.
    return !(options.isSuffix && /\[\??3J/.test(bytes));
  };
  size = { ...size, narrow: !wrapsAlways };
  const kinds = { text, lines, sgr, move, edit, mode, osc, query, rubbish,
    combining: (x, s) => (s.narrow ? text(x, s) : bytes(x.pick(combinings))) };
  const total = Object.values(weights).reduce((a, b) => a + b, 0) || 1;
  const pieces = [];
  while (pieces.length < count) {
    let at = r.below(total);
    for (const [name, weight] of Object.entries(weights)) {
      if (at < weight) {
        const piece = kinds[name](r, size);
        if (allowed(piece)) pieces.push(piece);
        break;
      }
      at -= weight;
    }
    if (total === 1) pieces.push(text(r, size));
  }
  pieces.wrapsAlways = wrapsAlways;
  return pieces;
}

function size(r) {
  if (r.chance(20)) return { cols: 80, rows: 24 };
  return { cols: r.between(2, 30), rows: r.between(2, 10) };
}

module.exports = { stream, size };
