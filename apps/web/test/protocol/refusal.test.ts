import { describe, expect, it } from 'vitest';
import { readRefusal, retryAfterSeconds, sentence } from '../../src/protocol/refusal';

describe('a refusal', () => {
  const text = (problem: object, status = 503) => readRefusal(status, problem, null).text;

  it('is a sentence for people, whatever the server says', () => {
    const type = '/problems/at-capacity';
    const title = 'The server is at its connection limit';
    expect(text({ type, title })).toBe('The server is full.');
    expect(text({ type, title, detail: '100 of 100 connections' })).toBe('The server is full: 100 of 100 connections.');
    expect(text({ type: '/problems/shutting-down', title: 'x' })).toBe('The server is restarting.');
    expect(text({ type: 'https://example.org/teapot', title: 'Too hot', detail: 'wait.' })).toBe('Too hot: wait.');
    expect(text({ type: '/problems/constructor', title: 'Odd' })).toBe('Odd.');
    expect(text({}, 429)).toBe('The server answered 429.');
  });

  it('names the problem and the time', () => {
    expect(readRefusal(503, { type: '/problems/shutting-down' }, '11')).toMatchObject({
      code: 'shutting-down',
      retryAfterMs: 11_000,
    });
    expect(readRefusal(429, {}, 'Wed, 21 Oct 2015 07:28:00 GMT')).toMatchObject({ code: null, retryAfterMs: null });
  });
});

describe('a time to wait', () => {
  it('is read from a header or a close reason', () => {
    expect(retryAfterSeconds('Retry-After: 7')).toBe(7);
    expect(retryAfterSeconds('retry-after=12')).toBe(12);
    expect(retryAfterSeconds('5')).toBe(5);
    expect(retryAfterSeconds('too many connections')).toBeNull();
    expect(retryAfterSeconds('')).toBeNull();
  });
});

describe('a sentence', () => {
  it('ends once', () => {
    expect(['why', 'why.', ' why: ', 'why...'].map(sentence)).toEqual(['why.', 'why.', 'why.', 'why.']);
  });
});
