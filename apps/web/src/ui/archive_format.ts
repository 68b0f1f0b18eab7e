import type { DatabaseReport, PastSession } from '../api/archive_types';
import type { SearchForm } from '../state/archive_model';
import { ageText, exitText, retryText, type Tone } from './format';

/** Texts of the archive, derived from what the server tells. */

/** "14:03:22" of today, else with its date; in the reader's language and time zone. */
export function whenText(at: string, nowMs: number): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return at;
  const isToday = date.toDateString() === new Date(nowMs).toDateString();
  if (isToday) return date.toLocaleTimeString();
  return date.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}

/** How a past session ended, or what is known of it. */
export function pastStatus(session: PastSession): { text: string; tone: Tone } {
  const { state, exit_status: status, signal } = session;
  if (status !== null || signal !== null) {
    const text = exitText({ status, signal: signal === null ? null : String(signal) });
    return { text, tone: status === 0 ? 'good' : 'bad' };
  }
  if (state === 'lost') return { text: state, tone: 'bad' };
  return { text: state, tone: state === 'running' ? 'ready' : 'muted' };
}

/** What a search is narrowed down by. */
export function narrowedText({ words: _, isAllNodes, ...fields }: SearchForm): string {
  const names = { session: 'session', command: 'command', exitStatus: 'exit status', from: 'from', before: 'before' };
  const used = Object.entries(fields).filter(([, value]) => value.trim() !== '');
  const parts = used.map(([name]) => names[name as keyof typeof names]);
  if (isAllNodes) parts.push('all nodes');
  return parts.length === 0 ? 'Narrow down' : `Narrowed down: ${parts.join(', ')}`;
}

/** A node's UUID, as far as people compare it. */
export function nodeText(uuid: string): string {
  return uuid.slice(0, 8);
}

export function databaseTone(state: string): Tone {
  if (state === 'ready') return 'ready';
  if (state === 'blocked' || state === 'memory-only') return 'bad';
  return state === 'idle' ? 'muted' : 'busy';
}

const backends: Record<string, string> = {
  postgresql: 'PostgreSQL, shared',
  sqlite: 'SQLite, this node’s own file',
  memory: 'none: in memory only',
};

/** The report as rows of a name and a value; what says nothing is left out. */
export function databaseRows(report: DatabaseReport, nowMs: number): [string, string][] {
  const { backend, migration, attempt, next_attempt_at: next, archive } = report;
  const isShared = backend === 'postgresql';
  const rows: [string, string | false][] = [
    ['Backend', backends[backend] ?? backend],
    ['Since', `${whenText(report.since, nowMs)} (${ageText(Date.parse(report.since), nowMs)})`],
    ['Schema', migration ? `step ${migration.step} of ${migration.steps}` : `version ${report.schema_version}`],
    ['Failed attempts', attempt > 0 && String(attempt)],
    ['Next attempt', next !== null && retryText(Date.parse(next), nowMs)],
    ['Waiting for PostgreSQL', isShared && records(report.outbox)],
    ['Brought to PostgreSQL', isShared && archive !== undefined && records(archive.shipped)],
    ['Written here', archive !== undefined && records(archive.written)],
    ['Not written yet', archive !== undefined && archive.waiting > 0 && records(archive.waiting)],
    ['Lost for lack of room', archive !== undefined && archive.dropped > 0 && records(archive.dropped)],
  ];
  return rows.filter((row): row is [string, string] => row[1] !== false);
}

function records(count: number): string {
  return count === 1 ? '1 record' : `${count} records`;
}
