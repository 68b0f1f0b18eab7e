import { describe, expect, it } from 'vitest';
import { clipboardMaxBytes, osc52Text, planPaste } from '../../src/terminal/clipboard';

describe('osc52Text', () => {
  const encode = (value: string) => Buffer.from(value).toString('base64');

  it('decodes UTF-8', () => {
    expect(osc52Text(`c;${encode('grün 🐦')}`)).toBe('grün 🐦');
    expect(osc52Text(`;${encode('x')}`)).toBe('x');
  });

  it('never answers a request to read, and ignores nonsense and too much', () => {
    expect(osc52Text('c;?')).toBeNull();
    expect(osc52Text('c;')).toBeNull();
    expect(osc52Text('c')).toBeNull();
    expect(osc52Text('c;%%%')).toBeNull();
    expect(osc52Text(`c;${encode('x'.repeat(clipboardMaxBytes + 1000))}`)).toBeNull();
  });
});

describe('planPaste', () => {
  it('counts lines, whatever their ends', () => {
    expect(planPaste('a')).toEqual({ text: 'a', lines: 1 });
    expect(planPaste('a\r\nb\rc\nd')).toEqual({ text: 'a\nb\nc\nd', lines: 4 });
    expect(planPaste('rm -rf x\n').lines).toBe(2);
  });

  it('takes out what could end a bracketed paste or act as a key', () => {
    expect(planPaste('a\x1b[201~b\x03\x9b').text).toBe('a[201~b');
    expect(planPaste('\tx').text).toBe('\tx');
  });
});
