import type { ChannelTransition, ChannelWindow, OverrideState } from '../api/channel_types';
import { isCut, type ChannelsState, type ListedChannel } from '../state/channels_model';
import { whenText } from './archive_format';
import { ageText, type Tone } from './format';

/** Texts of the channels, derived from what the server tells. */

/** As of a session, and `hand` for what a person has set. */
export type ChannelTone = Tone | 'hand';

const tones: Record<string, ChannelTone> = {
  closed: 'ready',
  'half-open': 'busy',
  open: 'bad',
  'forced-open': 'hand',
  disabled: 'hand',
  'metrics-only': 'hand',
};

export function channelTone(state: string): ChannelTone {
  return tones[state] ?? 'muted';
}

/** What the state means for calls, and what comes next. */
export function channelText(channel: ListedChannel, nowMs: number): string {
  const refused = channel.fallback ? 'calls get the fallback' : 'calls are refused';
  switch (channel.state) {
    case 'closed':
      return 'Fine: calls go through.';
    case 'half-open':
      return `Trying: one call at a time goes through; other ${refused}.`;
    case 'open':
      return `Failing: ${refused}. ${nextTryText(channel.retryAt, nowMs)}`;
    case 'forced-open':
      return `Held open by hand: ${refused}.`;
    case 'disabled':
      return 'Disabled by hand: calls go through, and nothing is counted.';
    case 'metrics-only':
      return 'Metrics only, by hand: calls go through and are counted.';
    default:
      return '';
  }
}

/** A breaker needs a call to find out: with none it stays open. */
function nextTryText(retryAt: number | null, nowMs: number): string {
  const leftMs = (retryAt ?? 0) - nowMs;
  return leftMs > 0 ? `Next try in ${spanText(leftMs)}.` : 'The next call is a try.';
}

/** "350 ms", "7 s", "1 min 5 s", "2 h 10 min", "1 d"; a rest counts as a whole one. */
export function spanText(ms: number): string {
  if (ms < 1000) return `${Math.ceil(ms)} ms`;
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return parts(Math.floor(seconds / 60), 'min', seconds % 60, 's');
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 24 * 60) return parts(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  const hours = Math.ceil(minutes / 60);
  return parts(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function parts(most: number, mostUnit: string, rest: number, restUnit: string): string {
  return rest === 0 ? `${most} ${mostUnit}` : `${most} ${mostUnit} ${rest} ${restUnit}`;
}

/** Exactly, as it is configured: "350 ms", "2 s", "2.5 s". */
export function timeoutText(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${Number((ms / 1000).toFixed(2))} s`;
}

/** "Set by ada until 14:03:22 (12 min 5 s left)": the reason is somebody's own words. */
export function overrideText({ who, expires_at: end }: NonNullable<ListedChannel['override']>, nowMs: number): string {
  if (end === null) return `Set by ${who}, until it is cleared`;
  const leftMs = Date.parse(end) - nowMs;
  return `Set by ${who} until ${whenText(end, nowMs)}${leftMs > 0 ? ` (${spanText(leftMs)} left)` : ''}`;
}

const kinds: Record<string, string> = { stdio: 'program', unix: 'Unix socket', http: 'HTTP' };

/** What is at the channel's end: "program, running, pid 4711". */
export function helperText({ kind, up, pid }: ListedChannel['transport']): string {
  const state = kind === 'stdio' ? (up ? 'running' : 'not running') : up ? 'reachable' : 'not reached';
  const text = `${kinds[kind] ?? kind}, ${state}`;
  return pid === null ? text : `${text}, pid ${pid}`;
}

/** The channel as it is now, as rows of a name and a value; what says nothing is left out. */
export function channelRows(channel: ListedChannel, nowMs: number): [string, string][] {
  const { transport, in_flight: inFlight, waiting, limit } = channel;
  const rows: [string, string | false][] = [
    ['Helper', helperText(transport)],
    ['Starts', transport.kind === 'stdio' && String(transport.starts)],
    ['In flight', `${inFlight} of ${limit}${waiting > 0 ? `, ${waiting} waiting` : ''}`],
    ['Time-out now', timeoutText(channel.timeout_ms)],
    ['Failures in a row', channel.consecutive_failures > 0 && String(channel.consecutive_failures)],
    ['Fallback', channel.fallback ? 'yes' : 'none'],
    ['Retried', channel.idempotent && 'once, as calls are idempotent'],
    ['In this state', `${ageText(Date.parse(channel.since), nowMs)}, since ${whenText(channel.since, nowMs)}`],
    ['Messages not asked for', transport.unknown_messages > 0 && String(transport.unknown_messages)],
    ['Broken messages', transport.violations > 0 && String(transport.violations)],
  ];
  return shown(rows);
}

const outcomes: Record<string, string> = {
  timeout: 'Timed out',
  rejected: 'Refused by the breaker',
  channel_unavailable: 'Helper not there',
  transport: 'Connection broke',
  protocol: 'Bad answer',
  helper_error: 'Helper’s error',
  overload: 'Too many at a time',
  cancelled: 'Cancelled',
};

/** What became of the calls since the server started. */
export function totalRows({ totals }: ListedChannel): [string, string][] {
  const { calls, ok, degraded, failed } = totals;
  const count = (name: string, value: number): [string, string | false] => [name, value > 0 && value.toLocaleString()];
  return shown([
    ['Calls', calls.toLocaleString()],
    ['Answered', ok.toLocaleString()],
    count('By the fallback', degraded),
    ...Object.entries(failed).map(([reason, value]) => count(outcomes[reason] ?? reason, value)),
    count('Retries', totals.retries),
    count('Fallback had nothing', totals.fallback_failed),
    count('Opened', totals.opens),
    count('Answered too late', totals.late),
  ]);
}

function shown(rows: [string, string | false][]): [string, string][] {
  return rows.filter((row): row is [string, string] => row[1] !== false);
}

/** A share of the window's calls: "5 of 12", and how much of the bar it fills. */
export function shareOf(part: number, { calls }: ChannelWindow): { text: string; percent: number } {
  const percent = calls > 0 ? Math.min(100, (100 * part) / calls) : 0;
  return { text: calls > 0 ? `${part} of ${calls}` : 'none', percent };
}

const happenings: Record<string, string> = {
  would_trip: 'would have opened',
  override_set: 'set by hand',
  override_cleared: 'back to automatic',
  override_expired: 'the time by hand is over',
  config_changed: 'configuration changed',
};

/** One entry of the timeline: what happened, why, and the window at that moment. */
export function transitionTexts({ what, from, to, why, window }: ChannelTransition): {
  change: string;
  what: string | null;
  why: string;
  window: string | null;
} {
  const { calls, failed, slow } = window;
  return {
    change: from === to ? to : `${from} → ${to}`,
    what: what === 'state_changed' ? null : (happenings[what] ?? what.replaceAll('_', ' ')),
    why: what === 'override_set' ? `“${why}”` : why.replaceAll('_', ' '),
    window: calls === 0 ? null : `${calls} ${calls === 1 ? 'call' : 'calls'}, ${failed} failed, ${slow} slow`,
  };
}

/** "2 open" where channels let nothing pass; null while all do. */
export function channelsTrouble({ list }: ChannelsState): { text: string; details: string } | null {
  const cut = (list ?? []).filter(isCut);
  if (cut.length === 0) return null;
  const details = cut.map(({ name, state }) => `${name} is ${state === 'open' ? 'open' : 'held open by hand'}`);
  return { text: `${cut.length} open`, details: details.join('\n') };
}

/** What an administrator can do to a channel. */
export const holds: readonly { state: OverrideState; button: string; means: string }[] = [
  { state: 'open', button: 'Hold open', means: 'Every call is refused, or gets the fallback, while this lasts.' },
  { state: 'disabled', button: 'Disable', means: 'Every call goes through, and nothing is counted.' },
  {
    state: 'metrics-only',
    button: 'Metrics only',
    means: 'Every call goes through and is counted; when it would have opened is written down.',
  },
];

/** For how long; without seconds until somebody clears it. */
export const holdTimes: readonly { text: string; seconds: number | null }[] = [
  { text: '5 minutes', seconds: 300 },
  { text: '1 hour', seconds: 3600 },
  { text: '1 day', seconds: 86_400 },
  { text: 'until it is cleared', seconds: null },
];
