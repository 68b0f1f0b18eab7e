'use strict';

// A new size: xterm.js that was resized must show what a snapshot of the resized screen model shows.
// Streams of lines, as shells write them, without combining characters: when xterm.js wraps lines
// anew it can mix up the texts of two such cells.
//
//   node resize.js [cases] [seed]

const { Batch } = require('./driver');
const { Random } = require('./random');
const { createTerminal, feed, capture } = require('./xterm_state');
const { differences } = require('./compare');

const words = ['error:', 'foo/bar.cpp', 'make[1]', '世界', '\x1b[31m', '\x1b[0m', '\x1b[44m', '漢字かな', 'x', ' ', '$ ls',
  'averyveryverylongword', '\t'];

function makeCase(seed) {
  const r = new Random(seed);
  const size = () => ({ cols: r.between(4, 40), rows: r.between(2, 12) });
  let text = '';
  for (let i = r.between(0, 40); i > 0; i--) {
    for (let k = r.between(0, 12); k > 0; k--) text += r.pick(words);
    if (r.chance(90)) text += '\r\n';
  }
  if (r.chance(30)) text += `\x1b[${r.between(1, 12)};${r.between(1, 30)}H`;
  if (r.chance(20)) text += '\x1b[?1049h\x1b[2J\x1b[Hvim ~\r\n~\r\n';
  return { seed, from: size(), sizes: r.chance(60) ? [size()] : [size(), size()], text: Buffer.from(text),
    scrollback: 1000 };
}

/**
 * The line with the cursor is cut off, maybe through a wide character; no sequence draws the half of
 * one in the last column.
 */
function withoutCutCharacters(state, cols) {
  for (const line of state.normal.lines) {
    const { cells } = line;
    if (cells.length === cols && cells[cols - 1][1] === 2) cells.pop();
  }
  return state;
}

function main() {
  const cases = Number(process.argv[2] ?? 500);
  const first = Number(process.argv[3] ?? 1);
  const batch = new Batch();
  const list = [];
  for (let i = 0; i < cases; i++) {
    const c = makeCase(first + i);
    batch.op('N', c.from.cols, c.from.rows, c.scrollback).op('F', c.text);
    for (const s of c.sizes) batch.op('R', s.cols, s.rows);
    c.at = batch.ask('S', 1000000, 1 << 28);
    list.push(c);
  }
  const answers = batch.run();
  let passed = 0;
  let failed = 0;
  for (const c of list) {
    const a = createTerminal(c.from.cols, c.from.rows, c.scrollback);
    feed(a, c.text);
    for (const s of c.sizes) a.term.resize(s.cols, s.rows);
    const last = c.sizes[c.sizes.length - 1];
    const b = createTerminal(last.cols, last.rows, c.scrollback);
    feed(b, answers[c.at]);
    const x = withoutCutCharacters(capture(a), last.cols);
    const y = capture(b);
    for (const state of [x, y]) delete state.join;
    const found = differences(x, y);
    if (found.length === 0) passed++;
    else if (++failed <= Number(process.env.SHOW ?? 3)) {
      console.log(`seed ${c.seed}: ${JSON.stringify(c.from)} to ${JSON.stringify(c.sizes)}, scrollback ${c.scrollback}`);
      for (const line of found) console.log(`  ${line}`);
      console.log(`  text: ${JSON.stringify(c.text.toString())}`);
    }
    a.term.dispose();
    b.term.dispose();
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}

main();
