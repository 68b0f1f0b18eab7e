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

  const refused = [
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
});
