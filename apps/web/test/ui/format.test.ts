import { describe, expect, it } from 'vitest';
import { closeRule } from '../../src/protocol/close_codes';
import { snapshotReasons } from '../../src/protocol/frames';
import {
  ageText,
  bytesText,
  commandText,
  exitText,
  lastCommandFailure,
  linkText,
  databaseText,
  pressureText,
  restartCount,
  restartPolicyText,
  restartWait,
  retryText,
  endReason,
  sameAgain,
  sandboxName,
  sandboxNote,
  sessionFolder,
  sessionStatus,
  sessionTitle,
  shortPath,
  snapshotNotice,
  splitCommand,
  stoppedText,
  usageText,
} from '../../src/ui/format';
import { session } from '../support/session';

describe('texts', () => {
  it('shorten paths like a prompt', () => {
    expect(shortPath('/home/ada')).toBe('~');
    expect(shortPath('/home/ada/src')).toBe('~/src');
    expect(shortPath('/root/x')).toBe('~/x');
    expect(shortPath('/rootless')).toBe('/rootless');
    expect(shortPath('/')).toBe('/');
  });

  it('name a session', () => {
    expect(sessionTitle(session('a'))).toBe('bash');
    expect(sessionTitle(session('a', { title: 'build' }))).toBe('build');
    expect(sessionTitle(session('a', { command: [] }))).toBe('shell');
    expect(commandText(['sh', '-c', 'a b'])).toBe("sh -c 'a b'");
  });

  it('tell what a session takes', () => {
    const usage = {
      cpu_percent: 103.2,
      cpu_ms: 5000,
      memory_bytes: 1.2 * 1024 ** 3,
      processes: 14,
      foreground: 'make',
      cwd: '/src',
      at: '',
    };
    expect(usageText(session('a', { usage }))).toBe('make · 103% · 1.2 GiB · 14 processes');
    const idle = { ...usage, cpu_percent: 0.04, memory_bytes: 4096, processes: 1, foreground: null };
    expect(usageText(session('a', { usage: idle }))).toBe('0% · 4 KiB · 1 process');
    expect(usageText(session('a', { usage: null }))).toBeNull();
    expect(usageText(session('a'))).toBeNull(); // An older server.
    expect(usageText(session('a', { usage, state: 'exited' }))).toBeNull();
    const shell = { cwd: '/said', prompt: true, running: null, last_exit_status: null };
    expect(sessionFolder(session('a', { usage, shell }))).toBe('/said');
    expect(sessionFolder(session('a', { usage }))).toBe('/src');
    expect(sessionFolder(session('a', { cwd: '/start' }))).toBe('/start');
  });

  it('say why the server ended a session', () => {
    expect(endReason(session('a'))).toBeNull();
    expect(endReason(session('a', { end_reason: null }))).toBeNull();
    expect(endReason(session('a', { end_reason: 'idle' }))).toContain('nobody used it');
    expect(endReason(session('a', { end_reason: 'later' }))).toBe('the limit later');
  });

  it('say of a sandbox what it means, or why it cannot be had', () => {
    const profile = { name: 'a', description: 'No network.', default: false, available: true, why_not: null };
    expect(sandboxNote(profile)).toBe('No network.');
    expect(sandboxNote({ ...profile, available: false, why_not: 'bubblewrap is not installed' })).toBe(
      'This machine cannot: bubblewrap is not installed.',
    );
  });

  it('name the sandbox, when there is one', () => {
    expect(sandboxName(session('a', { sandbox: 'strict' }))).toBe('strict');
    expect(sandboxName(session('a', { sandbox: 'none' }))).toBeNull();
    expect(sandboxName(session('a'))).toBeNull();
  });

  it('tell the state of a session', () => {
    const shell = { cwd: '/', prompt: true, running: null, last_exit_status: 2 };
    expect(sessionStatus(session('a'))).toEqual({ text: 'running', tone: 'ready' });
    expect(sessionStatus(session('a', { shell }))).toEqual({ text: 'ready', tone: 'ready' });
    expect(sessionStatus(session('a', { shell: { ...shell, prompt: false, running: 'make' } })).text).toBe('make');
    expect(sessionStatus(session('a', { state: 'exited', exit_status: 0 }))).toEqual({ text: 'exit 0', tone: 'good' });
    expect(sessionStatus(session('a', { state: 'exited', exit_status: 1 })).tone).toBe('bad');
    expect(sessionStatus(session('a', { state: 'lost' })).tone).toBe('bad');
    expect(lastCommandFailure(session('a', { shell }))).toBe('2');
    expect(lastCommandFailure(session('a', { shell: { ...shell, last_exit_status: 0 } }))).toBeNull();
    expect(lastCommandFailure(session('a'))).toBeNull();
  });

  it('tell how a program ended', () => {
    expect(exitText({ status: 3, signal: null })).toBe('exit 3');
    expect(exitText({ status: null, signal: '9' })).toBe('ended by SIGKILL');
    expect(exitText({ status: null, signal: 'TERM' })).toBe('ended by SIGTERM');
    expect(exitText({ status: null, signal: 'SIGINT' })).toBe('ended by SIGINT');
    expect(exitText({ status: null, signal: '42' })).toBe('ended by signal 42');
    expect(exitText({ status: null, signal: null })).toBe('exited');
  });

  it('tell sizes and ages', () => {
    expect(bytesText(512)).toBe('512 B');
    expect(bytesText(70_000)).toBe('68 KiB');
    expect(bytesText(3 << 20)).toBe('3.0 MiB');
    expect(ageText(0, 59_000)).toBe('59 s');
    expect(ageText(0, 3_600_000)).toBe('1 h');
    expect(ageText(5000, 0)).toBe('0 s');
  });

  it('tell every state of the connection', () => {
    expect(linkText({ kind: 'waiting', retryAt: 4200, attempt: 1, reason: null }, 1000).text).toBe('Reconnecting in 4 s');
    expect(linkText({ kind: 'offline' }, 0).tone).toBe('bad');
    expect(linkText({ kind: 'connected' }, 0).tone).toBe('good');
    expect(linkText({ kind: 'stopped', code: 4408, rule: closeRule(4408), reason: '' }, 0).text).toBe('Disconnected');
    expect(linkText({ kind: 'connecting', attempt: 2, reason: null }, 0).text).toBe('Reconnecting…');
  });

  it('tell why the page stays away', () => {
    const stopped = (code: number, reason: string) =>
      stoppedText({ kind: 'stopped', code, rule: closeRule(code), reason });
    expect(stopped(1008, 'closed by an administrator')).toBe(
      'The server ended this connection. The server says: closed by an administrator.',
    );
    expect(stopped(4408, 'nobody typed or read for a while')).toBe(closeRule(4408).text);
    expect(stopped(4409, '')).toBe('This connection was taken over elsewhere.');
    expect(stopped(4450, ' why. ')).toBe('The server said no (4450). The server says: why.');
  });

  it('count down', () => {
    expect(retryText(8_200, 1_000)).toBe('Trying again in 8 s.');
    expect(retryText(1_000, 1_000)).toBe('Trying again…');
    expect(retryText(0, 1_000)).toBe('Trying again…');
  });

  it('tell how full the server is', () => {
    expect(pressureText({ level: 1, used: 86, capacity: 100 })).toBe(
      'The server is nearly full: 86 of 100 connections.',
    );
    expect(pressureText({ level: 2, used: 100, capacity: 100 })).toBe(
      'The server is full: 100 of 100 connections. New ones are refused.',
    );
  });

  it('say what is the matter with the database, and that terminals work', () => {
    expect(databaseText({ state: 'memory-only', reason: 'the database cannot be reached' })).toBe(
      'The database is away: the database cannot be reached. The terminals work; what is written down waits.',
    );
    expect(databaseText({ state: 'blocked', reason: null })).toBe(
      'The database cannot be used. The terminals work; what is written down waits.',
    );
  });

  it('say why a screen was rebuilt, except at first', () => {
    const silent = snapshotReasons.filter((reason) => snapshotNotice(reason) === null);
    expect(silent).toEqual(['first_attach']);
  });
});

describe('splitCommand', () => {
  it('splits as a shell does', () => {
    expect(splitCommand('make -j2  all')).toEqual(['make', '-j2', 'all']);
    expect(splitCommand(`sh -c 'echo "a b"; x'`)).toEqual(['sh', '-c', 'echo "a b"; x']);
    expect(splitCommand('a\\ b "c \\" d" ""')).toEqual(['a b', 'c " d', '']);
    expect(splitCommand('   ')).toEqual([]);
  });

  it('says what is wrong', () => {
    expect(splitCommand(`echo 'x`)).toContain('not closed');
    expect(splitCommand('echo \\')).toContain('backslash');
  });
});

describe('restarts', () => {
  const never = { policy: 'never', count: 0, next_at: null, last_exit_status: null, last_signal: null, given_up: false } as const;
  const next_at = '2026-01-31T12:00:03.500Z';
  const before = Date.parse(next_at) - 3_500;

  it('are counted down while no program runs', () => {
    const waiting = session('a', { state: 'starting', restart: { ...never, next_at, last_exit_status: 1 } });
    expect(restartWait(waiting, before)).toEqual({ ended: 'exit 1', next: 'starts again in 4 s' });
    expect(restartWait(waiting, before + 2_600)?.next).toBe('starts again in 1 s');
    expect(restartWait(waiting, before + 60_000)?.next).toBe('starts again now');
    const killed = { ...waiting, restart: { ...never, next_at, last_signal: 9 } };
    expect(restartWait(killed, before)?.ended).toBe('ended by SIGKILL');
    expect(restartWait({ ...waiting, state: 'running' }, before)).toBeNull();
    expect(restartWait({ ...waiting, restart: never }, before)).toBeNull();
    expect(restartWait(session('a', { state: 'starting' }), before)).toBeNull(); // An older server.
  });

  it('are counted', () => {
    expect(restartCount(session('a'))).toBeNull();
    expect(restartCount(session('a', { restart: never }))).toBeNull();
    const once = { ...never, count: 1, last_exit_status: 0 };
    expect(restartCount(session('a', { restart: once }))).toEqual({
      count: 1,
      text: 'Started again once; the program before: exit 0',
    });
    expect(restartCount(session('a', { restart: { ...never, count: 7 } }))?.text).toBe('Started again 7 times');
  });

  it('that were given up are no success', () => {
    const over = { state: 'exited', exit_status: 0 } as const;
    expect(sessionStatus(session('a', { ...over, restart: never }))).toEqual({ text: 'exit 0', tone: 'good' });
    expect(sessionStatus(session('a', { ...over, restart: { ...never, given_up: true } }))).toEqual({
      text: 'exit 0, given up',
      tone: 'bad',
    });
  });

  it('and the sandbox belong to what is run again', () => {
    const { command, cwd, title } = session('a');
    expect(sameAgain(session('a'))).toEqual({ command, cwd, title });
    const like = session('a', { sandbox: 'isolated', restart: { ...never, policy: 'on-failure' } });
    expect(sameAgain(like)).toEqual({ command, cwd, title, sandbox: 'isolated', restart: 'on-failure' });
    expect(restartPolicyText('on-failure')).toBe('on failure');
  });
});
