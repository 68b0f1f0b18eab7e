'use strict';

const { spawnSync } = require('child_process');
const fs = require('fs');
const path = require('path');

function findDriver() {
  if (process.env.SCREEN_DRIVER) return process.env.SCREEN_DRIVER;
  const root = path.join(__dirname, '..', '..', 'build');
  for (const name of ['release', 'dev', ...(fs.existsSync(root) ? fs.readdirSync(root).sort() : [])]) {
    const file = path.join(root, name, 'tests', 'differential', 'screen_driver');
    if (fs.existsSync(file)) return file;
  }
  throw new Error('no screen_driver: build the target screen_driver, or set SCREEN_DRIVER to its path');
}

/** Collects operations (see screen_driver.cpp) and runs them in one go. */
class Batch {
  constructor() {
    this.parts = [];
    this.answers = 0;
  }
  op(letter, ...values) {
    this.parts.push(Buffer.from(letter));
    for (const value of values) {
      const head = Buffer.alloc(4);
      if (Buffer.isBuffer(value)) {
        head.writeInt32LE(value.length);
        this.parts.push(head, value);
      } else {
        head.writeInt32LE(value);
        this.parts.push(head);
      }
    }
    return this;
  }
  /** Adds an operation with an answer; returns the answer's place in what run() gives. */
  ask(letter, ...values) {
    this.op(letter, ...values);
    return this.answers++;
  }
  run(driver = findDriver()) {
    const done = spawnSync(driver, [], { input: Buffer.concat(this.parts), maxBuffer: 1 << 30 });
    if (done.status !== 0)
      throw new Error(`${driver} ended with ${done.status ?? done.signal}: ${done.stderr}`);
    const answers = [];
    for (let at = 0; at < done.stdout.length;) {
      const size = done.stdout.readUInt32LE(at);
      answers.push(done.stdout.subarray(at + 4, at + 4 + size));
      at += 4 + size;
    }
    return answers;
  }
}

module.exports = { Batch, findDriver };
