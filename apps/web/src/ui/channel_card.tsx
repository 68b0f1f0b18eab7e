import { useState } from 'preact/hooks';
import type { ChannelTransition } from '../api/channel_types';
import type { ListedChannel } from '../state/channels_model';
import { whenText } from './archive_format';
import {
  channelRows,
  channelText,
  channelTone,
  overrideText,
  shareOf,
  spanText,
  totalRows,
  transitionTexts,
} from './channel_format';
import { ChannelControls } from './channel_controls';

/** Entries of a timeline that are shown at first. */
const firstEntries = 3;

/** One channel: its state, its figures, its timeline. */
export function ChannelCard({ channel, now }: { channel: ListedChannel; now: number }) {
  const { name, state, override } = channel;
  const id = `channel-${name}`;
  return (
    <article class="channel" aria-labelledby={id} data-channel={name} data-state={state}>
      <header class="channel-head">
        <h3 id={id}>{name}</h3>
        <span class={`channel-state ${channelTone(state)}`}>{state}</span>
      </header>
      <p class="channel-text">{channelText(channel, now)}</p>
      {override && (
        <p class="channel-override">
          {overrideText(override, now)}: “{override.reason}”
        </p>
      )}
      <Window channel={channel} />
      <Rows rows={channelRows(channel, now)} />
      <h4>Since the server has started</h4>
      <Rows rows={totalRows(channel)} />
      {channel.transitions.length > 0 && <Timeline entries={channel.transitions} now={now} />}
      <ChannelControls channel={channel} />
    </article>
  );
}

/** A share is a bar of its own: a call that failed may have been slow, too. */
function Window({ channel: { window } }: { channel: ListedChannel }) {
  const bars = [
    { name: 'Failed', tone: 'bad', ...shareOf(window.failed, window) },
    { name: 'Slow', tone: 'hand', ...shareOf(window.slow, window) },
  ];
  return (
    <div class="channel-window">
      <span class="channel-calls">
        {window.calls} {window.calls === 1 ? 'call' : 'calls'} in the last {spanText(window.length_ms)}
      </span>
      {bars.map(({ name, tone, text, percent }) => (
        <span key={name} class="channel-share">
          <span>{name}</span>
          <span class="track" aria-hidden="true">
            <span class={tone} style={{ width: `${percent}%` }} />
          </span>
          <span class="channel-figure">{text}</span>
        </span>
      ))}
    </div>
  );
}

function Rows({ rows }: { rows: [string, string][] }) {
  return (
    <dl class="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Timeline({ entries, now }: { entries: readonly ChannelTransition[]; now: number }) {
  const [isWhole, setWhole] = useState(false);
  const newest = [...entries].reverse();
  const shown = isWhole ? newest : newest.slice(0, firstEntries);
  return (
    <>
      <h4>How it came to this</h4>
      <ol class="transitions">
        {shown.map((entry) => {
          const { change, what, why, window } = transitionTexts(entry);
          return (
            <li key={`${entry.at} ${entry.what} ${entry.to}`}>
              <time dateTime={entry.at}>{whenText(entry.at, now)}</time>
              <span class={`dot ${channelTone(entry.to)}`} aria-hidden="true" />
              <span>{change}</span>
              {what && <span>{what}</span>}
              {why !== '' && <span class="hint">{why}</span>}
              {window && <span class="hint">{window}</span>}
            </li>
          );
        })}
      </ol>
      {newest.length > firstEntries && (
        <button class="button tiny" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
          {isWhole ? 'Show the newest only' : `Show all ${newest.length}`}
        </button>
      )}
    </>
  );
}
