'use strict';

// What real programs write: their output is cut at many places, and at each cut xterm.js must be in
// the same state after a snapshot as after the whole output, and end in the same state.

const { spawnSync } = require('child_process');
const path = require('path');
const { Batch } = require('./driver');
const { createTerminal, feed, capture } = require('./xterm_state');
const { differences } = require('./compare');

const cuts = 60;

// Program, what is typed (text, or a pause in ms), size.
const programs = [
  ['bash colours', ['sh', '-c', 'for i in 1 2 3 4 5 6 7; do printf "\\033[3${i};4${i}m colour $i \\033[0m\\t\\033[1mbold\\033[m é 世界\\r\\n"; '
    + 'done; ls --color=always -la / /usr/lib | head -n 200; printf "\\033]0;title\\007\\033[4:3mcurly\\033[m"'], [], 80, 24],
  ['bash prompt', ['bash', '--norc', '-i'], ['ls --color=always /\r', 'echo \u00e9\u4e16\u754c\r', 'echo long line that is edit',
    '\x1b[D\x1b[D\x1b[DXX\x01Y\x05Z\r', 'seq 1 60\r', 'exit\r'], 60, 15],
  ['less', ['less', path.join(__dirname, '..', '..', 'LICENSE')], [' ', ' ', '/Work\r', 'n', 'b', 'q'], 80, 24],
  ['vim', ['vim', '-Nu', 'NONE', '-n', path.join(__dirname, 'compare.js')], [':syntax on\r', '\x06\x06', 'ggihello \u4e16\u754c\r\x1b',
    ':set number hlsearch\r', '/const\r', ':split\r', '\x17j', 'dd', 'p', ':vsplit\r', ':q!\r', ':qa!\r'], 80, 24],
  ['top', ['htop', '-d', '2'], [600, 't', 300, 'H', 300, '\x1b[B\x1b[B', 300, 'q'], 100, 30],
  ['tmux', ['tmux', '-L', `roost-differential-${process.pid}`, '-f', '/dev/null', 'new', 'bash --norc'], [500, 'ls --color /\r', 300,
    '\x02%', 300, 'seq 1 40\r', 300, '\x02"', 300, 'exit\r', 200, 'exit\r', 200, 'exit\r'], 90, 28],
];

const record = `
import os, pty, select, signal, struct, sys, fcntl, termios, time, json
command, keys, cols, rows = json.loads(sys.argv[1])
pid, fd = pty.fork()
if pid == 0:
    os.environ.update(TERM="xterm-256color", LANG="C.UTF-8", LC_ALL="C.UTF-8", PS1="\\\\[\\x1b[32m\\\\]$ \\\\[\\x1b[0m\\\\]")
    os.environ.pop("TMUX", None)
    try:
        os.execvp(command[0], command)
    except OSError:
        os._exit(127)
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
deadline = time.monotonic() + 20
def drain(seconds):
    until = min(time.monotonic() + seconds, deadline)
    while time.monotonic() < until:
        ready, _, _ = select.select([fd], [], [], max(0, until - time.monotonic()))
        if not ready:
            return True
        try:
            data = os.read(fd, 65536)
        except OSError:
            return False
        if not data:
            return False
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        until = min(time.monotonic() + seconds, deadline)
    return True
alive = drain(0.4)
for key in keys:
    if not alive:
        break
    if isinstance(key, str):
        os.write(fd, key.encode())
        alive = drain(0.15)
    else:
        alive = drain(key / 1000)
while alive and time.monotonic() < deadline:
    if not drain(0.5):
        break
    os.kill(pid, signal.SIGHUP)
`;

function main() {
  let passed = 0;
  let failed = 0;
  for (const [name, command, keys, cols, rows] of programs) {
    if (spawnSync('sh', ['-c', `command -v ${command[0]}`]).status !== 0) {
      console.log(`${name}: ${command[0]} is not installed`);
      continue;
    }
    const done = spawnSync('python3', ['-c', record, JSON.stringify([command, keys, cols, rows])],
      { maxBuffer: 1 << 28, env: { ...process.env, PS1: '\\[\\e[32m\\]$ \\[\\e[0m\\]' } });
    const bytes = done.stdout;
    if (done.status !== 0 || bytes.length < 100) {
      console.log(`${name}: not recorded (${bytes.length} bytes): ${done.stderr}`);
      failed++;
      continue;
    }
    const batch = new Batch();
    const at = [];
    batch.op('N', cols, rows, 1000);
    for (let i = 1, from = 0; i <= cuts; i++) {
      const to = i === cuts ? bytes.length : Math.floor((bytes.length * i) / cuts) + ((i * 7) % 5);
      if (to <= from) continue;
      batch.op('F', bytes.subarray(from, to));
      at.push([to, batch.ask('S', 1000000, 1 << 28)]);
      from = to;
    }
    const answers = batch.run();
    const whole = createTerminal(cols, rows, 1000);
    feed(whole, bytes);
    const atEnd = capture(whole);
    let differs = 0;
    for (const [to, answer] of at) {
      const a = createTerminal(cols, rows, 1000);
      const b = createTerminal(cols, rows, 1000);
      feed(a, bytes.subarray(0, to));
      feed(b, answers[answer]);
      let found = differences(capture(a), capture(b));
      if (found.length === 0) {
        const c = createTerminal(cols, rows, 1000);
        feed(c, Buffer.concat([answers[answer], bytes.subarray(to)]));
        found = differences(atEnd, capture(c));
        c.term.dispose();
      }
      if (found.length > 0 && ++differs <= 2) {
        console.log(`${name}: cut at ${to} of ${bytes.length}`);
        for (const line of found) console.log(`  ${line}`);
      }
      a.term.dispose();
      b.term.dispose();
    }
    console.log(`${name}: ${bytes.length} bytes, ${at.length} cuts, ${differs} differ`);
    passed += at.length - differs;
    failed += differs;
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}

main();
