import { describe, expect, it } from 'vitest';
import type { Channel } from '../../src/api/channel_types';
import { initialChannels, listed } from '../../src/state/channels_model';
import {
  channelRows,
  channelsTrouble,
  channelText,
  channelTone,
  helperText,
  overrideText,
  shareOf,
  spanText,
  timeoutText,
  totalRows,
  transitionTexts,
} from '../../src/ui/channel_format';
import { whenText } from '../../src/ui/archive_format';
import { channel } from '../support/channel';

const now = Date.parse('2026-01-31T12:00:00Z');
const told = (change: Partial<Channel>) => listed(channel('policy', change), now);

describe('texts of a channel', () => {
  it('know the states, and are at a loss with none', () => {
    const states = ['closed', 'half-open', 'open', 'forced-open', 'disabled', 'metrics-only', 'from-the-future'];
    expect(states.map(channelTone)).toEqual(['ready', 'busy', 'bad', 'hand', 'hand', 'hand', 'muted']);
    const texts = states.map((state) => channelText(told({ state }), now));
    expect(new Set(texts).size).toBe(states.length);
    expect(texts.at(-1)).toBe('');
  });

  it('count down to the next try, which a call has to make', () => {
    const open = told({ state: 'open', retry_after_ms: 7_200 });
    expect(channelText(open, now)).toBe('Failing: calls are refused. Next try in 8 s.');
    expect(channelText(open, now + 6_900)).toBe('Failing: calls are refused. Next try in 300 ms.');
    expect(channelText(open, now + 7_200)).toBe('Failing: calls are refused. The next call is a try.');
    expect(channelText(told({ state: 'open', fallback: true }), now)).toMatch(/calls get the fallback/);
  });

  it('say how long something lasts', () => {
    const spans = [1, 999, 1000, 1001, 59_001, 60_000, 299_100, 3_600_000, 7_800_000, 86_400_000, 90_000_001];
    expect(spans.map(spanText)).toEqual([
      '1 ms',
      '999 ms',
      '1 s',
      '2 s',
      '1 min',
      '1 min',
      '5 min',
      '1 h',
      '2 h 10 min',
      '1 d',
      '1 d 2 h',
    ]);
    expect([50, 999, 2_000, 2_500, 2_345].map(timeoutText)).toEqual(['50 ms', '999 ms', '2 s', '2.5 s', '2.35 s']);
  });

  it('say who has set it, and until when', () => {
    const override = { state: 'disabled', who: 'ada', reason: 'a test', expires_at: null };
    expect(overrideText(override, now)).toBe('Set by ada, until it is cleared');
    const end = '2026-01-31T12:05:00Z';
    expect(overrideText({ ...override, expires_at: end }, now)).toBe(
      `Set by ada until ${whenText(end, now)} (5 min left)`,
    );
    expect(overrideText({ ...override, expires_at: end }, Date.parse(end))).not.toMatch(/left/);
  });

  it('say what is at its end', () => {
    const { transport } = channel('policy');
    expect(helperText(transport)).toBe('program, running, pid 4711');
    expect(helperText({ ...transport, up: false, pid: null })).toBe('program, not running');
    expect(helperText({ ...transport, kind: 'unix', pid: null })).toBe('Unix socket, reachable');
    expect(helperText({ ...transport, kind: 'http', up: false, pid: null })).toBe('HTTP, not reached');
    expect(helperText({ ...transport, kind: 'carrier-pigeon', pid: null })).toBe('carrier-pigeon, reachable');
  });

  it('leave out what says nothing', () => {
    const names = (change: Partial<Channel>) => channelRows(told(change), now).map(([name]) => name);
    expect(names({})).toEqual(['Helper', 'Starts', 'In flight', 'Time-out now', 'Fallback', 'In this state']);
    const transport = { kind: 'http', up: true, pid: null, starts: 3, unknown_messages: 2, violations: 1 };
    const more = names({ transport, consecutive_failures: 2, idempotent: true });
    expect(more).not.toContain('Starts');
    for (const name of ['Failures in a row', 'Retried', 'Messages not asked for', 'Broken messages']) {
      expect(more).toContain(name);
    }
    const rows = Object.fromEntries(channelRows(told({ in_flight: 3, waiting: 2, limit: 4 }), now));
    expect(rows['In flight']).toBe('3 of 4, 2 waiting');
  });

  it('tell what became of the calls', () => {
    const { totals } = channel('policy');
    expect(totalRows(told({}))).toEqual([
      ['Calls', '0'],
      ['Answered', '0'],
    ]);
    const failed = { timeout: 3, rejected: 2, transport: 0, 'from-the-future': 1 };
    const rows = totalRows(told({ totals: { ...totals, calls: 10, ok: 4, failed, opens: 1, late: 2 } }));
    expect(Object.fromEntries(rows)).toEqual({
      Calls: '10',
      Answered: '4',
      'Timed out': '3',
      'Refused by the breaker': '2',
      'from-the-future': '1',
      Opened: '1',
      'Answered too late': '2',
    });
  });

  it('give shares of the window that a bar can show', () => {
    expect(shareOf(3, { calls: 12, failed: 3, slow: 0 })).toEqual({ text: '3 of 12', percent: 25 });
    expect(shareOf(0, { calls: 0, failed: 0, slow: 0 })).toEqual({ text: 'none', percent: 0 });
    expect(shareOf(5, { calls: 4, failed: 5, slow: 0 }).percent).toBe(100);
  });

  it('tell the timeline', () => {
    const at = '2026-01-31T12:00:00Z';
    const window = { calls: 12, failed: 6, slow: 1 };
    const opened = { at, what: 'state_changed', from: 'closed', to: 'open', why: 'failure_rate', window };
    expect(transitionTexts(opened)).toEqual({
      change: 'closed → open',
      what: null,
      why: 'failure rate',
      window: '12 calls, 6 failed, 1 slow',
    });
    const none = { calls: 0, failed: 0, slow: 0 };
    const set = { ...opened, what: 'override_set', to: 'forced-open', why: 'disk_2 is full', window: none };
    expect(transitionTexts(set)).toEqual({
      change: 'closed → forced-open',
      what: 'set by hand',
      why: '“disk_2 is full”',
      window: null,
    });
    expect(transitionTexts({ ...set, what: 'config_changed', to: 'closed', why: '' })).toMatchObject({
      change: 'closed',
      what: 'configuration changed',
    });
    expect(transitionTexts({ ...set, what: 'from_the_future', why: '' }).what).toBe('from the future');
  });
});

describe('the badge', () => {
  it('is there while a channel lets nothing pass', () => {
    const list = (...states: string[]) => ({
      ...initialChannels,
      list: states.map((state, index) => listed(channel(`c${index}`, { state }), now)),
    });
    expect(channelsTrouble(initialChannels)).toBeNull();
    expect(channelsTrouble(list('closed', 'half-open', 'disabled', 'metrics-only'))).toBeNull();
    expect(channelsTrouble(list('closed', 'open', 'forced-open'))).toEqual({
      text: '2 open',
      details: 'c1 is open\nc2 is held open by hand',
    });
  });
});
