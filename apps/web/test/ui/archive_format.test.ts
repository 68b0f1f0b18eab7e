import { describe, expect, it } from 'vitest';
import type { DatabaseReport, PastSession } from '../../src/api/archive_types';
import { emptyForm } from '../../src/state/archive_model';
import { databaseRows, databaseTone, narrowedText, nodeText, pastStatus, whenText } from '../../src/ui/archive_format';

const now = Date.parse('2026-01-31T12:00:00Z');

function past(change: Partial<PastSession>): PastSession {
  return {
    id: 'a',
    node: 'n',
    title: '',
    command: ['sh'],
    cwd: '/',
    owner: 'u',
    state: 'exited',
    created_at: '2026-01-31T12:00:00Z',
    exited_at: null,
    exit_status: null,
    signal: null,
    ...change,
  };
}

function report(change: Partial<DatabaseReport>): DatabaseReport {
  return {
    state: 'ready',
    since: '2026-01-31T11:00:00Z',
    reason: null,
    backend: 'sqlite',
    attempt: 0,
    next_attempt_at: null,
    schema_version: 4,
    migration: null,
    outbox: 0,
    transitions: [],
    ...change,
  };
}

describe('texts of the archive', () => {
  it('say when: today by the clock, else with the date', () => {
    expect(whenText(new Date(now).toISOString(), now)).toBe(new Date(now).toLocaleTimeString());
    expect(whenText('2025-03-04T12:00:00Z', now)).toMatch(/2025/);
    expect(whenText('no time', now)).toBe('no time');
  });

  it('say how a past session ended', () => {
    expect(pastStatus(past({ exit_status: 0 }))).toEqual({ text: 'exit 0', tone: 'good' });
    expect(pastStatus(past({ exit_status: 3, state: 'removed' }))).toEqual({ text: 'exit 3', tone: 'bad' });
    expect(pastStatus(past({ signal: 15 }))).toEqual({ text: 'ended by SIGTERM', tone: 'bad' });
    expect(pastStatus(past({ state: 'running' }))).toEqual({ text: 'running', tone: 'ready' });
    expect(pastStatus(past({ state: 'removed' }))).toEqual({ text: 'removed', tone: 'muted' });
    expect(pastStatus(past({ state: 'lost' }))).toEqual({ text: 'lost', tone: 'bad' });
  });

  it('say what a search is narrowed down by', () => {
    expect(narrowedText({ ...emptyForm, words: 'x', session: ' ' })).toBe('Narrow down');
    const form = { ...emptyForm, before: '2026-01-31T12:00', exitStatus: '1', isAllNodes: true };
    expect(narrowedText(form)).toBe('Narrowed down: exit status, before, all nodes');
  });

  it('shorten a node, and know the good states of a database', () => {
    expect(nodeText('6f1c2f4e-0d57-4f0e-9d1b-3c0c7a5d2b11')).toBe('6f1c2f4e');
    expect(['ready', 'blocked', 'memory-only', 'idle', 'migrating', 'new'].map(databaseTone)).toEqual(
      ['ready', 'bad', 'bad', 'muted', 'busy', 'busy'],
    );
  });

  it('leave out what a report does not tell', () => {
    const names = (change: Partial<DatabaseReport>) => databaseRows(report(change), now).map(([name]) => name);
    expect(names({})).toEqual(['Backend', 'Since', 'Schema']);
    expect(names({ backend: 'postgresql' })).toContain('Waiting for PostgreSQL');
    const archive = { waiting: 0, written: 5, dropped: 0, outbox: 0, shipped: 0 };
    expect(names({ archive })).toEqual(['Backend', 'Since', 'Schema', 'Written here']);
    expect(names({ archive: { ...archive, waiting: 2, dropped: 1 } })).toContain('Lost for lack of room');
  });

  it('tell of a database that is away', () => {
    const rows = Object.fromEntries(
      databaseRows(
        report({
          state: 'memory-only',
          backend: 'postgresql',
          attempt: 3,
          next_attempt_at: '2026-01-31T12:00:07Z',
          migration: { step: 1, steps: 4 },
          outbox: 1,
          archive: { waiting: 0, written: 12, dropped: 0, outbox: 1, shipped: 11 },
        }),
        now,
      ),
    );
    expect(rows).toMatchObject({
      'Failed attempts': '3',
      'Next attempt': 'Trying again in 7 s.',
      Schema: 'step 1 of 4',
      'Waiting for PostgreSQL': '1 record',
      'Brought to PostgreSQL': '11 records',
    });
    expect(rows['Since']).toContain('(1 h)');
  });
});
