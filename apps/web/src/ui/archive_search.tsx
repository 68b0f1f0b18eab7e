import { useRef, useState } from 'preact/hooks';
import type { SearchHit } from '../api/archive_types';
import type { SearchForm } from '../state/archive_model';
import { useApp, useAppState } from './app_context';
import { narrowedText, nodeText, whenText } from './archive_format';
import { sessionTitle } from './format';
import { Icon } from './icons';
import { AllNodes, PagedList } from './paged_list';

/** Looks for words in what sessions have shown. */
export function SearchView() {
  const app = useApp();
  const { form: asked, hits } = useAppState().archive;
  const [form, setForm] = useState(asked);
  const details = useRef<HTMLDetailsElement>(null);
  const field = (name: Exclude<keyof SearchForm, 'isAllNodes'>) => ({
    name,
    value: form[name],
    onInput: (event: InputEvent) => {
      setForm({ ...form, [name]: (event.currentTarget as HTMLInputElement).value });
    },
  });
  const onSubmit = (event: SubmitEvent) => {
    event.preventDefault();
    if (details.current) details.current.open = false; // A small screen needs the room for what was found.
    void app.archive.search(form);
  };
  return (
    <>
      <form class="archive-form" role="search" onSubmit={onSubmit}>
        <div class="archive-words">
          <input {...field('words')} type="search" aria-label="Words" placeholder="Words" required autofocus spellcheck={false} />
          <button class="button primary" disabled={hits.isLoading}>
            <Icon name="search" /> Search
          </button>
        </div>
        <details ref={details}>
          <summary>{narrowedText(form)}</summary>
          <div class="archive-fields">
            <label>
              Session
              <SessionField {...field('session')} />
            </label>
            <label>
              Command
              <input {...field('command')} class="mono" placeholder="a part of it" spellcheck={false} />
            </label>
            <label>
              Exit status
              <input {...field('exitStatus')} inputMode="numeric" placeholder="any" />
            </label>
            <label>
              From
              <input {...field('from')} type="datetime-local" />
            </label>
            <label>
              Before
              <input {...field('before')} type="datetime-local" />
            </label>
            <AllNodes isOn={form.isAllNodes} onChange={(isAllNodes) => setForm({ ...form, isAllNodes })} />
          </div>
        </details>
      </form>
      <PagedList list={hits} empty="Nothing was found." onMore={() => void app.archive.moreHits()}>
        {(hit) => (
          <HitRow key={`${hit.session} ${hit.epoch} ${hit.from_offset}`} hit={hit} isAllNodes={asked.isAllNodes} />
        )}
      </PagedList>
    </>
  );
}

/** An id; those of the list are offered by title. */
function SessionField(props: { name: string; value: string; onInput: (event: InputEvent) => void }) {
  const { sessions } = useAppState();
  return (
    <>
      <input {...props} class="mono" placeholder="any" spellcheck={false} list="archive-sessions" />
      <datalist id="archive-sessions">
        {sessions?.map((session) => (
          <option key={session.id} value={session.id}>
            {sessionTitle(session)}
          </option>
        ))}
      </datalist>
    </>
  );
}

function HitRow({ hit, isAllNodes }: { hit: SearchHit; isAllNodes: boolean }) {
  const app = useApp();
  const title = hit.title || hit.session;
  const { exit_status: status } = hit;
  const word = hit.parts.find(({ match }) => match)?.text ?? '';
  const showRecording = () => app.showRecording(hit.session, title, { at: hit.at, word });
  return (
    <li class="archive-row">
      <button class="archive-open" onClick={() => app.openLive(hit.session) || showRecording()}>
        <span class="archive-text">
          <span class="archive-head">
            <strong>{title}</strong>
            {status !== null && <span class={status === 0 ? 'badge' : 'badge bad'}>exit {status}</span>}
            {isAllNodes && <span class="badge sandbox">{nodeText(hit.node)}</span>}
            <time dateTime={hit.at}>{whenText(hit.at, Date.now())}</time>
          </span>
          {hit.command !== '' && <span class="archive-sub mono">$ {hit.command}</span>}
          <span class="hit mono">
            {hit.parts.map((part, index) => (part.match ? <mark key={index}>{part.text}</mark> : part.text))}
          </span>
        </span>
      </button>
      <button
        class="icon-button large"
        title="Recording, at this place"
        aria-label={`Recording of ${title}, at this place`}
        onClick={showRecording}
      >
        <Icon name="play" />
      </button>
    </li>
  );
}
