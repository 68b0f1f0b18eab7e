import type { ComponentChildren } from 'preact';
import type { Listing } from '../state/pager';
import { useAppState } from './app_context';

/** A list with what is the matter with it, and a way to its next page. */
export function PagedList<T>(props: {
  list: Listing<T>;
  /** What is said when there is nothing. */
  empty: string;
  onMore: () => void;
  children: (row: T) => ComponentChildren;
}) {
  const { rows, next, isLoading, error } = props.list;
  return (
    <div class="archive-list" aria-busy={isLoading}>
      {rows && rows.length > 0 && <ul>{rows.map(props.children)}</ul>}
      {rows?.length === 0 && !isLoading && <p class="hint">{props.empty}</p>}
      {error !== null && (
        <p class="form-error" role="alert">
          {error}
        </p>
      )}
      {rows === null && isLoading && <p class="hint">Loading…</p>}
      {next !== null && (
        <button class="button small" disabled={isLoading} onClick={props.onMore}>
          {isLoading ? 'Loading…' : 'More'}
        </button>
      )}
    </div>
  );
}

/** Where lists can be those of all nodes: in a database that they share. */
export function AllNodes(props: { isOn: boolean; onChange: (isOn: boolean) => void }) {
  const { archive } = useAppState();
  if (archive.database?.backend !== 'postgresql') return null;
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={props.isOn}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
      />
      All nodes
    </label>
  );
}
