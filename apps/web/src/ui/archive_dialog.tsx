import { archiveViews } from '../state/archive_model';
import { useApp, useAppState } from './app_context';
import { DatabaseView } from './archive_database';
import { HistoryView } from './archive_history';
import { SearchView } from './archive_search';
import { Modal } from './dialog';

const names = { search: 'Search', history: 'History', database: 'Database' };
const views = { search: SearchView, history: HistoryView, database: DatabaseView };

/** What was written down: found by words, listed by time, and how its database is. */
export function ArchiveDialog() {
  const app = useApp();
  const { view } = useAppState().archive;
  const View = views[view];
  return (
    <Modal title="Archive" isWide>
      <fieldset class="segments" aria-label="What to look at">
        {archiveViews.map((each) => (
          <label key={each} class={view === each ? 'segment on' : 'segment'}>
            <input
              type="radio"
              name="archive-view"
              checked={view === each}
              onChange={() => void app.archive.open(each)}
            />
            {names[each]}
          </label>
        ))}
      </fieldset>
      <View />
    </Modal>
  );
}
