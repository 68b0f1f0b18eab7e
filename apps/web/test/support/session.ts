import type { Session } from '../../src/api/types';

export function session(id: string, change: Partial<Session> = {}): Session {
  return {
    id,
    title: '',
    node: 'n1',
    state: 'running',
    command: ['/bin/bash'],
    cwd: '/home/ada/src',
    pid: 1,
    cols: 80,
    rows: 24,
    created_at: '2026-01-01T00:00:00Z',
    exited_at: null,
    exit_status: null,
    signal: null,
    epoch: 'e',
    offset: 0,
    viewers: 0,
    holder: null,
    ...change,
  };
}
