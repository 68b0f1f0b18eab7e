'use strict';

// Every code point that is printed has the same width here as in xterm.js.

const { Batch } = require('./driver');
const { createTerminal } = require('./xterm_state');

const service = createTerminal(80, 24, 0).core.unicodeService;
const batch = new Batch();
const step = 1024;
const wanted = [];
for (let first = 0xa0; first < 0x110000; first += step) {
  // Each character after a carriage return and an x: the cursor tells its width.
  let text = '';
  let columns = '';
  for (let code = first; code < Math.min(first + step, 0x110000); code++) {
    if ((code >= 0xd800 && code <= 0xdfff) || code === 0xfeff) continue;
    text += '\rx' + String.fromCodePoint(code) + '\x1b[6n';
    columns += `\x1b[1;${2 + service.wcwidth(code)}R`;
  }
  // Answers are bounded: ask in parts.
  for (let at = 0; at < text.length;) {
    let end = Math.min(text.length, at + 1500);
    end = text.indexOf('\x1b[6n', end - 5);
    end = end < 0 ? text.length : end + 4;
    batch.op('N', 80, 24, 0).op('F', Buffer.from(text.slice(at, end)));
    wanted.push([first, (text.slice(at, end).match(/\x1b\[6n/g) || []).length, batch.ask('A')]);
    at = end;
  }
  wanted.push([first, columns]);
}
const answers = batch.run();
let passed = 0;
let failed = 0;
let got = '';
for (const [first, value, at] of wanted) {
  if (at !== undefined) {
    got += answers[at].toString();
    continue;
  }
  if (got === value) passed++;
  else {
    failed++;
    console.log(`widths differ from U+${first.toString(16)} on`);
  }
  got = '';
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
