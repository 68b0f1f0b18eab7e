import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseServerMessage } from '../../src/protocol/messages';

const attached = {
  type: 'attached',
  stream: 1,
  session: 's',
  epoch: 'e',
  offset: 10,
  live_offset: 20,
  how: 'delta',
  reason: null,
  mode: 'control',
  cols: 80,
  rows: 24,
  holder: null,
};

describe('parseServerMessage', () => {
  it('accepts what the contract says, with more fields than it knows', () => {
    const message = parseServerMessage(JSON.stringify({ ...attached, colour: 'blue' }));
    expect(message).toMatchObject(attached);
  });

  it('takes everything as live when the server does not say what is replay', () => {
    const { live_offset: _, ...rest } = attached;
    expect(parseServerMessage(JSON.stringify(rest))).toMatchObject({ live_offset: 10 });
  });

  const event = readFileSync(
    new URL('../../../../tests/golden/http/event_frame.json', import.meta.url),
    'utf8',
  );

  it('takes an event as the server sends it', () => {
    expect(parseServerMessage(event)).toEqual(JSON.parse(event));
  });

  const refused = [
    event.replace('session.created', 'session.invented'),
    event.replace('"id":"z"', '"id":7'),
    '{"type":"event","topic":"session.changed","at":"","session":null}',
    '{"type":"pressure","level":1}',
    '',
    'null',
    '[]',
    '"hello"',
    '{"type":"hello"}',
    '{"type":"toString"}',
    '{"type":"from_the_future"}',
    '{"type":"attached","stream":"1"}',
    JSON.stringify({ ...attached, offset: '10' }),
  ];
  for (const text of refused) {
    it(`ignores ${text || 'nothing'}`, () => {
      expect(parseServerMessage(text)).toBeNull();
    });
  }

  it('takes what is told of the database, and nothing that is not whole', () => {
    const told = { type: 'event', topic: 'database.changed', at: '2026-01-31T12:00:00Z' };
    const whole = { ...told, state: 'memory-only', reason: 'it is away', backend: 'postgresql' };
    expect(parseServerMessage(JSON.stringify(whole))).toMatchObject({ state: 'memory-only' });
    expect(parseServerMessage(JSON.stringify(told))).toBeNull();
    expect(parseServerMessage(JSON.stringify({ ...whole, topic: 'database.moved' }))).toBeNull();
  });

  it('takes what is told of a channel, and nothing that is not whole', () => {
    const told = { type: 'event', topic: 'channel.changed', at: '2026-01-31T12:00:00Z' };
    const channel = { name: 'policy', state: 'open', retry_after_ms: 4000, window: { calls: 5, failed: 5, slow: 5 } };
    expect(parseServerMessage(JSON.stringify({ ...told, channel }))).toEqual({ ...told, channel });
    for (const broken of [undefined, null, 7, {}, { ...channel, state: 1 }, { ...channel, window: null }]) {
      expect(parseServerMessage(JSON.stringify({ ...told, channel: broken }))).toBeNull();
    }
    expect(parseServerMessage(JSON.stringify({ ...told, topic: 'session.changed', channel }))).toBeNull();
  });
});
