import type { PastSession } from '../api/archive_types';
import { useApp, useAppState } from './app_context';
import { nodeText, pastStatus, whenText } from './archive_format';
import { commandText, sessionTitle, shortPath } from './format';
import { Icon } from './icons';
import { AllNodes, PagedList } from './paged_list';

/** The sessions that were written down. One that still runs is opened, of another the recording. */
export function HistoryView() {
  const app = useApp();
  const { past, isAllNodes } = useAppState().archive;
  return (
    <>
      <AllNodes isOn={isAllNodes} onChange={(isOn) => void app.archive.loadPast(isOn)} />
      <PagedList list={past} empty="Nothing was written down yet." onMore={() => void app.archive.morePast()}>
        {(session) => <PastRow key={`${session.node} ${session.id}`} session={session} isAllNodes={isAllNodes} />}
      </PagedList>
    </>
  );
}

function PastRow({ session, isAllNodes }: { session: PastSession; isAllNodes: boolean }) {
  const app = useApp();
  const command = session.command ?? [];
  const title = sessionTitle({ title: session.title, command });
  const status = pastStatus(session);
  const showRecording = () => app.showRecording(session.id, title, null);
  return (
    <li class="archive-row">
      <button class="archive-open" onClick={() => app.openLive(session.id) || showRecording()}>
        <span class={`dot ${status.tone}`} aria-hidden="true" />
        <span class="archive-text">
          <span class="archive-head">
            <strong>{title}</strong>
            <span class={`archive-status ${status.tone}`}>{status.text}</span>
            {isAllNodes && <span class="badge sandbox">{nodeText(session.node)}</span>}
            <time dateTime={session.created_at}>{whenText(session.created_at, Date.now())}</time>
          </span>
          <span class="archive-sub mono">
            {commandText(command)} <span>{shortPath(session.cwd)}</span>
          </span>
        </span>
      </button>
      <button class="icon-button large" title="Recording" aria-label={`Recording of ${title}`} onClick={showRecording}>
        <Icon name="play" />
      </button>
    </li>
  );
}
