import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { OverrideState } from '../api/channel_types';
import { sentence } from '../protocol/refusal';
import type { ListedChannel } from '../state/channels_model';
import { useApp, useAppState } from './app_context';
import { holds, holdTimes } from './channel_format';

/** As the server takes it. */
const longestReason = 200;

/** What an administrator does to a channel. Who is none learns it from the server, and has no buttons then. */
export function ChannelControls({ channel }: { channel: ListedChannel }) {
  const app = useApp();
  const { refusal } = useAppState().channels;
  const [wanted, setWanted] = useState<OverrideState | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const group = useRef<HTMLDivElement>(null);
  if (refusal !== null) {
    const said = error === null ? null : `Only an administrator sets a channel by hand. The server says: ${sentence(error)}`;
    return said && <Refused text={said} />;
  }

  /** What had the focus goes: it returns to the buttons. */
  const close = () => {
    const buttons = group.current;
    const opener = buttons?.querySelector<HTMLElement>('[aria-expanded="true"]');
    (opener ?? buttons?.querySelector<HTMLElement>('button'))?.focus();
    setError(null);
    setWanted(null);
  };
  const act = async (action: () => Promise<string | null>) => {
    if (isBusy) return;
    setBusy(true);
    const failed = await action();
    setBusy(false);
    setError(failed);
    if (failed === null) close();
  };
  const toggle = (state: OverrideState) => {
    setError(null);
    setWanted(wanted === state ? null : state);
  };
  return (
    <div class="channel-controls">
      <div class="channel-buttons" role="group" aria-label={`Set ${channel.name} by hand`} ref={group}>
        {holds.map(({ state, button }) => (
          <button
            key={state}
            class="button small"
            aria-expanded={wanted === state}
            onClick={() => toggle(state)}
          >
            {button}
          </button>
        ))}
        {channel.override && (
          <button
            class="button small primary"
            onClick={() => void act(() => app.channels.release(channel.name))}
          >
            Back to automatic
          </button>
        )}
      </div>
      {wanted !== null && (
        <HoldForm
          key={wanted}
          name={channel.name}
          state={wanted}
          isBusy={isBusy}
          onSubmit={(reason, seconds) =>
            void act(() =>
              app.channels.hold(channel.name, {
                state: wanted,
                reason,
                ...(seconds === null ? {} : { ttl_s: seconds }),
              }),
            )
          }
          onCancel={close}
        />
      )}
      {error !== null && <Refused text={error} />}
    </div>
  );
}

function Refused({ text }: { text: string }) {
  return (
    <p class="form-error" role="alert">
      {text}
    </p>
  );
}

function HoldForm(props: {
  name: string;
  state: OverrideState;
  isBusy: boolean;
  onSubmit: (reason: string, seconds: number | null) => void;
  onCancel: () => void;
}) {
  const reason = useRef<HTMLInputElement>(null);
  // At once: whoever presses Escape while the form is there means the form.
  useLayoutEffect(() => reason.current?.focus(), []);
  const hold = holds.find(({ state }) => state === props.state);
  const id = `hold-${props.name}`;
  return (
    <form
      class="channel-hold"
      aria-label={`${hold?.button}: ${props.name}`}
      onSubmit={(event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        const time = holdTimes[Number(form.get('time'))];
        props.onSubmit(String(form.get('reason') ?? '').trim(), time?.seconds ?? null);
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.preventDefault(); // The form goes, the dialog stays.
        event.stopPropagation();
        props.onCancel();
      }}
    >
      <p class="hint">{hold?.means}</p>
      <label for={`${id}-reason`}>Why</label>
      <input
        id={`${id}-reason`}
        ref={reason}
        name="reason"
        required
        pattern=".*\S.*"
        title="A reason, for those who look at this later"
        maxLength={longestReason}
        placeholder="for those who look at this later"
        autocomplete="off"
      />
      <label for={`${id}-time`}>For how long</label>
      <select id={`${id}-time`} name="time">
        {holdTimes.map(({ text }, index) => (
          <option key={text} value={index}>
            {text}
          </option>
        ))}
      </select>
      <div class="modal-buttons">
        <button type="button" class="button small" onClick={props.onCancel}>
          Cancel
        </button>
        <button class="button small primary" disabled={props.isBusy}>
          {hold?.button}
        </button>
      </div>
    </form>
  );
}
