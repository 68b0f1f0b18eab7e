import { useEffect } from 'preact/hooks';
import { useApp, useAppState, useNow } from './app_context';
import { ChannelCard } from './channel_card';
import { Modal } from './dialog';

const example = `channels:
  policy:
    transport: {kind: stdio, command: [./policy-server]}
    timeout: 2s
    fallback: {decision: ask}`;

/** The ways to helper processes: how each is, how it came to that, and what an administrator sets; live. */
export function ChannelsDialog() {
  const app = useApp();
  const { channels, link } = useAppState();
  const { list, error, refusal } = channels;
  const now = useNow(500);
  useEffect(() => app.channels.watch(), [app]);
  return (
    <Modal title="Channels" isWide>
      <div class="archive-list channels">
        {link.kind !== 'connected' && <p class="hint">Not connected: this is how it was before.</p>}
        {error !== null && (
          <p class="form-error" role="alert">
            {error}
          </p>
        )}
        {refusal !== null && <p class="hint">Only an administrator sets a channel by hand.</p>}
        {list?.length === 0 && <NoChannels />}
        {list?.map((channel) => (
          <ChannelCard key={channel.name} channel={channel} now={now} />
        ))}
      </div>
    </Modal>
  );
}

function NoChannels() {
  return (
    <section class="no-channels">
      <p>
        No channel is configured. A channel is a named way to a helper process, spoken in JSON-RPC 2.0; a circuit
        breaker keeps a helper that fails from holding up those who call it. One is added like this:
      </p>
      <pre class="preview">{example}</pre>
      <p>
        SIGHUP makes the server read its configuration again. More is in <code>docs/guides/channels.md</code>.
      </p>
    </section>
  );
}
