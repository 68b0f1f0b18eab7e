import type { DatabaseState, Session, SessionEvent } from '../api/types';
import type { Mode } from '../protocol/messages';
import type { Place } from '../recording/cast';
import type { PressureLevel } from '../session/demand';
import type { LinkState } from '../session/link_types';
import type { StreamView } from '../session/session_stream';
import { initialArchive, type ArchiveState } from './archive_model';
import { initialChannels, type ChannelsState } from './channels_model';
import type { Trouble } from './patience';
import type { Settings } from './settings';

export type Dialog =
  | { kind: 'new_session' }
  | { kind: 'rename'; session: string }
  | { kind: 'kill'; session: string }
  | { kind: 'paste'; session: string; text: string; lines: number }
  | { kind: 'archive' }
  | { kind: 'channels' }
  | RecordingDialog
  | { kind: 'settings' };

/** The recording of a session: from its beginning, or standing still at a place. */
export interface RecordingDialog {
  kind: 'recording';
  session: string;
  title: string;
  place: Place | null;
  /** Opened from the archive, so there is a way back. */
  isFromArchive: boolean;
}

export interface Toast {
  id: number;
  text: string;
  tone: 'info' | 'error';
}

export interface AppState {
  auth: 'checking' | 'signed_out' | 'signed_in';
  loginError: string | null;
  node: string | null;
  version: string | null;
  link: LinkState;
  /** Newest first; undefined until the first list has come. */
  sessions: Session[] | undefined;
  /** Sessions that are gone from the server while a tab still shows them. */
  removed: Record<string, Session>;
  tabs: string[];
  active: string | null;
  streams: Record<string, StreamView>;
  /** A sentence in the status bar for a moment. */
  notice: { session: string; text: string; tone: 'info' | 'warning' } | null;
  /** How full the server is, in connections; null while it has room. */
  pressure: { level: PressureLevel; used: number; capacity: number } | null;
  /** The server's database while it is not as it should be; null: nothing to say of it. */
  database: DatabaseState | null;
  archive: ArchiveState;
  channels: ChannelsState;
  /** What the page is waiting for over HTTP: to get in at all, or to bring its list up to date. */
  trouble: Trouble | null;
  /** When the server will disconnect this page for lack of input. */
  idleUntil: number | null;
  isDraining: boolean;
  /** A program wants to write the clipboard and the user has not decided yet. */
  clipboardRequest: { session: string; text: string } | null;
  search: { index: number; count: number } | null;
  hoveredLink: string | null;
  latched: { ctrl: boolean; alt: boolean };
  dialog: Dialog | null;
  isDrawerOpen: boolean;
  toasts: Toast[];
  settings: Settings;
}

/** The states that somebody at a terminal should hear of; others pass within seconds. */
export function isDatabaseAway(state: string): boolean {
  return state === 'memory-only' || state === 'blocked';
}

export function initialState(settings: Settings): AppState {
  return {
    auth: 'checking',
    loginError: null,
    node: null,
    version: null,
    link: { kind: 'idle' },
    sessions: undefined,
    removed: {},
    tabs: [],
    active: null,
    streams: {},
    notice: null,
    pressure: null,
    database: null,
    archive: initialArchive(),
    channels: initialChannels,
    trouble: null,
    idleUntil: null,
    isDraining: false,
    clipboardRequest: null,
    search: null,
    hoveredLink: null,
    latched: { ctrl: false, alt: false },
    dialog: null,
    isDrawerOpen: false,
    toasts: [],
    settings,
  };
}

export function isOver(session: Session): boolean {
  return session.state === 'exited' || session.state === 'lost';
}

/** Running ones first, then by age, newest first. */
export function sortSessions(sessions: readonly Session[]): Session[] {
  const rank = (session: Session) => (isOver(session) ? 1 : 0);
  return [...sessions].sort(
    (a, b) =>
      rank(a) - rank(b) || b.created_at.localeCompare(a.created_at) || a.id.localeCompare(b.id),
  );
}

/** Applies one event; events are idempotent and may repeat what the list already told. */
export function applyEvent(sessions: readonly Session[], event: SessionEvent): Session[] {
  const others = sessions.filter((session) => session.id !== event.session.id);
  if (event.topic === 'session.removed') return sortSessions(others);
  return sortSessions([...others, event.session]);
}

export function findSession(state: AppState, id: string | null): Session | undefined {
  if (id === null) return undefined;
  return state.sessions?.find((session) => session.id === id) ?? state.removed[id];
}

/** The tab to show after `closed` is gone: its right neighbour, else its left one. */
export function nextActive(tabs: readonly string[], closed: string, active: string | null): string | null {
  if (active !== closed) return active;
  const index = tabs.indexOf(closed);
  return tabs[index + 1] ?? tabs[index - 1] ?? null;
}

/** What a fragment asks for: `#token=…` signs in, `#session=…` opens a session. */
export function parseFragment(hash: string): { token: string | null; session: string | null } {
  const params = new URLSearchParams(hash.replace(/^#/, ''));
  return { token: params.get('token'), session: params.get('session') };
}

export interface OpenTab {
  id: string;
  mode: Mode;
}

export function parseTabs(value: unknown): { tabs: OpenTab[]; active: string | null } {
  const empty = { tabs: [], active: null };
  if (typeof value !== 'object' || value === null) return empty;
  const { tabs, active } = value as { tabs?: unknown; active?: unknown };
  if (!Array.isArray(tabs)) return empty;
  const valid = tabs.filter(
    (tab): tab is OpenTab =>
      typeof tab?.id === 'string' && (tab.mode === 'control' || tab.mode === 'view'),
  );
  return { tabs: valid, active: typeof active === 'string' ? active : null };
}
