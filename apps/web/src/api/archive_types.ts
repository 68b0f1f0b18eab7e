/** What the archive tells: past sessions, what was found in them, and the database behind it. */

/** A page of a list; `next` is the cursor of what follows. */
export interface Page<T> {
  rows: T[];
  next: string | null;
}

/** A session as `GET /api/v1/history` tells it. */
export interface PastSession {
  id: string;
  node: string;
  title: string;
  /** Null after damage. */
  command: string[] | null;
  cwd: string;
  owner: string;
  state: string;
  created_at: string;
  exited_at: string | null;
  exit_status: number | null;
  signal: string | number | null;
}

/** What the node itself has, unless `scope` asks for all that share its database. */
export interface HistoryQuery {
  scope?: 'all';
  cursor?: string;
}

/** A piece of a line; `match` where a word was found. */
export interface HitPart {
  text: string;
  match: boolean;
}

/** A place as `GET /api/v1/search` tells it. */
export interface SearchHit {
  session: string;
  title: string;
  node: string;
  epoch: string;
  from_offset: number;
  to_offset: number;
  at: string;
  /** Empty where the shell told nothing. */
  command: string;
  exit_status: number | null;
  parts: HitPart[];
}

export interface SearchQuery {
  q: string;
  scope?: 'all';
  session?: string;
  command?: string;
  exit_status?: string;
  /** RFC 3339. */
  from?: string;
  before?: string;
  cursor?: string;
}

/** Connections to PostgreSQL that are kept for one kind of work. */
export interface DatabasePool {
  name: string;
  size: number;
  busy: number;
  waiting: number;
  timeouts: number;
  refused: number;
}

/** Records on their way: into this node's own file, and from there to the shared database. */
export interface ArchiveNumbers {
  waiting: number;
  written: number;
  dropped: number;
  outbox: number;
  shipped: number;
}

/** `GET /api/v1/database`. */
export interface DatabaseReport {
  state: string;
  since: string;
  /** For people; null when there is nothing to say. */
  reason: string | null;
  backend: string;
  /** Failures in a row. */
  attempt: number;
  next_attempt_at: string | null;
  schema_version: number;
  /** While it migrates. */
  migration: { step: number; steps: number } | null;
  outbox: number;
  /** The last ones, oldest first. */
  transitions: { state: string; at: string; reason: string | null }[];
  /** Absent on an older server, as is `archive`. */
  pools?: DatabasePool[];
  archive?: ArchiveNumbers;
}

/** The forms that a recording can be had in. */
export const recordingFormats = ['asciicast-v3', 'asciicast-v2', 'text'] as const;
export type RecordingFormat = (typeof recordingFormats)[number];
