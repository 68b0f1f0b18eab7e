import { describe, expect, it } from 'vitest';
import type { Session } from '../../src/api/types';
import {
  applyEvent,
  isDatabaseAway,
  nextActive,
  parseFragment,
  parseTabs,
  sortSessions,
} from '../../src/state/model';
import { session } from '../support/session';

const ids = (sessions: Session[]) => sessions.map(({ id }) => id).join('');

describe('the database', () => {
  it('is worth a word when it is away for longer, or needs somebody', () => {
    const states = 'idle connecting locking inspecting migrating verifying ready memory-only catching-up blocked';
    expect(states.split(' ').filter(isDatabaseAway)).toEqual(['memory-only', 'blocked']);
  });
});

describe('the list of sessions', () => {
  it('has running ones first, newest first', () => {
    const list = [
      session('a', { created_at: '2026-01-01T00:00:00Z' }),
      session('b', { created_at: '2026-01-03T00:00:00Z', state: 'exited' }),
      session('c', { created_at: '2026-01-02T00:00:00Z' }),
      session('d', { created_at: '2026-01-02T00:00:00Z', state: 'lost' }),
    ];
    expect(ids(sortSessions(list))).toBe('cabd');
  });

  it('takes events that repeat what it knows, in any number', () => {
    const event = (topic: 'session.changed' | 'session.created' | 'session.removed', s: Session) => ({
      topic,
      at: '',
      session: s,
    });
    let list = [session('a')];
    list = applyEvent(list, event('session.created', session('a')));
    list = applyEvent(list, event('session.changed', session('a', { title: 'new' })));
    expect(list.map(({ title }) => title)).toEqual(['new']);
    list = applyEvent(list, event('session.removed', session('a')));
    list = applyEvent(list, event('session.removed', session('a')));
    expect(list).toEqual([]);
  });
});

describe('tabs', () => {
  it('show a neighbour when the one in front is closed', () => {
    expect(nextActive(['a', 'b', 'c'], 'b', 'b')).toBe('c');
    expect(nextActive(['a', 'b', 'c'], 'c', 'c')).toBe('b');
    expect(nextActive(['a'], 'a', 'a')).toBeNull();
    expect(nextActive(['a', 'b'], 'a', 'b')).toBe('b');
  });

  it('are read back, whatever is stored', () => {
    const tabs = [{ id: 'a', mode: 'view' as const }];
    expect(parseTabs({ tabs, active: 'a' })).toEqual({ tabs, active: 'a' });
    for (const broken of [null, 7, 'x', {}, { tabs: 'x' }, { tabs: [null, 3, { id: 4 }] }]) {
      expect(parseTabs(broken).tabs).toEqual([]);
    }
  });
});

describe('parseFragment', () => {
  it('finds a token or a session', () => {
    expect(parseFragment('#token=ab-_c')).toEqual({ token: 'ab-_c', session: null });
    expect(parseFragment('#session=n1.7')).toEqual({ token: null, session: 'n1.7' });
    expect(parseFragment('')).toEqual({ token: null, session: null });
  });
});
