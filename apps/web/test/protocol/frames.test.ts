import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decode, encode, maxOffset, type Frame, type SnapshotReason } from '../../src/protocol/frames';

const folder = new URL('../../../../tests/golden/frames/', import.meta.url);
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.slice(0, -'.json'.length));

interface Golden {
  kind?: Frame['kind'];
  stream?: number;
  offset?: number;
  reason?: SnapshotReason;
  bytes_hex?: string;
  error?: string;
}

function described(frame: Frame): Golden {
  const { kind, stream } = frame;
  const golden: Golden = { kind, stream };
  if (frame.kind !== 'input') golden.offset = frame.offset;
  if (frame.kind === 'snapshot') golden.reason = frame.reason;
  if (frame.kind !== 'ack') golden.bytes_hex = Buffer.from(frame.bytes).toString('hex');
  return golden;
}

describe('golden frames', () => {
  it('are there', () => {
    expect(names.length).toBeGreaterThan(20);
  });

  for (const name of names) {
    const bytes = new Uint8Array(readFileSync(new URL(`${name}.bin`, folder)));
    const golden = JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as Golden;
    it(`${name} decodes to its description and back`, () => {
      const frame = decode(bytes);
      if (golden.error !== undefined) {
        expect(frame).toBe(golden.error);
        return;
      }
      if (typeof frame === 'string') throw new Error(`refused: ${frame}`);
      expect(described(frame)).toEqual(golden);
      expect(Buffer.from(encode(frame))).toEqual(Buffer.from(bytes));
    });
  }
});

describe('decode', () => {
  it('reads from the middle of a larger buffer', () => {
    const whole = new Uint8Array(64).fill(0xff);
    whole.set(encode({ kind: 'output', stream: 5, offset: 9, bytes: new Uint8Array([1, 2]) }), 10);
    const frame = decode(whole.subarray(10, 10 + 15));
    expect(frame).toMatchObject({ kind: 'output', stream: 5, offset: 9 });
  });

  it('refuses every cut of a header and survives every byte of it', () => {
    const frames: Frame[] = [
      { kind: 'output', stream: 1, offset: maxOffset, bytes: new Uint8Array() },
      { kind: 'snapshot', stream: 1, offset: 2, reason: 'refresh', bytes: new Uint8Array() },
      { kind: 'ack', stream: 1, offset: 2 },
    ];
    for (const bytes of frames.map(encode)) {
      for (let length = 1; length < bytes.length; length++) {
        expect(decode(bytes.subarray(0, length))).toBe('too_short');
      }
      for (let at = 0; at < bytes.length; at++) {
        for (let value = 0; value < 256; value++) {
          const changed = bytes.slice();
          changed[at] = value;
          expect(() => decode(changed)).not.toThrow();
        }
      }
    }
  });
});
