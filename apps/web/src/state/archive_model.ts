import type { DatabaseReport, PastSession, SearchHit, SearchQuery } from '../api/archive_types';
import { nothingListed, type Listing } from './pager';

export const archiveViews = ['search', 'history', 'database'] as const;
export type ArchiveView = (typeof archiveViews)[number];

/** What somebody looks for, as typed. */
export interface SearchForm {
  words: string;
  session: string;
  command: string;
  exitStatus: string;
  /** As the browser's field has it: a local time, or empty. */
  from: string;
  before: string;
  isAllNodes: boolean;
}

export interface ArchiveState {
  view: ArchiveView;
  form: SearchForm;
  hits: Listing<SearchHit>;
  /** The history of all nodes that share a database. */
  isAllNodes: boolean;
  past: Listing<PastSession>;
  /** Null until it was told. */
  database: DatabaseReport | null;
  databaseError: string | null;
}

export const emptyForm: SearchForm = {
  words: '',
  session: '',
  command: '',
  exitStatus: '',
  from: '',
  before: '',
  isAllNodes: false,
};

export function initialArchive(): ArchiveState {
  return {
    view: 'search',
    form: emptyForm,
    hits: nothingListed,
    isAllNodes: false,
    past: nothingListed,
    database: null,
    databaseError: null,
  };
}

/** The question that a form asks. */
export function searchQuery(form: SearchForm): SearchQuery {
  const query: SearchQuery = { q: form.words.trim() };
  if (form.session.trim()) query.session = form.session.trim();
  if (form.command.trim()) query.command = form.command.trim();
  if (form.exitStatus.trim()) query.exit_status = form.exitStatus.trim();
  if (form.from) query.from = new Date(form.from).toISOString();
  if (form.before) query.before = new Date(form.before).toISOString();
  if (form.isAllNodes) query.scope = 'all';
  return query;
}
