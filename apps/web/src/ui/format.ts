import type { NewSession, RestartPolicy, SandboxProfile, Session } from '../api/types';
import type { SnapshotReason } from '../protocol/frames';
import { idleCode } from '../protocol/close_codes';
import { sentence } from '../protocol/refusal';
import type { LinkState } from '../session/link_types';
import { isOver, type AppState } from '../state/model';

/** Texts that are derived from state; no component decides about words twice. */

/** A path with the home directory shortened, as a shell prompt shows it. */
export function shortPath(path: string): string {
  return path.replace(/^\/(?:home\/[^/]+|root)(?=\/|$)/, '~') || '/';
}

export function commandText(command: readonly string[]): string {
  if (command.length === 0) return 'shell';
  const quoted = command.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`));
  return quoted.join(' ');
}

export function sessionTitle(session: Pick<Session, 'title' | 'command'>): string {
  const program = session.command[0]?.split('/').pop()?.replace(/^-/, '');
  return session.title || program || 'shell';
}

export type Tone = 'busy' | 'ready' | 'good' | 'bad' | 'muted';

/** One word and a tone for the state of a session. */
export function sessionStatus(session: Session): { text: string; tone: Tone } {
  switch (session.state) {
    case 'starting':
      return { text: 'starting', tone: 'busy' };
    case 'exiting':
      return { text: 'ending', tone: 'busy' };
    case 'lost':
      return { text: 'lost', tone: 'bad' };
    case 'exited': {
      const text = exitText({
        status: session.exit_status,
        signal: session.signal == null ? null : String(session.signal),
      });
      if (session.restart?.given_up) return { text: `${text}, given up`, tone: 'bad' };
      return { text, tone: session.exit_status === 0 ? 'good' : 'bad' };
    }
    case 'running':
      if (session.shell?.running) return { text: session.shell.running, tone: 'busy' };
      if (session.shell?.prompt) return { text: 'ready', tone: 'ready' };
      return { text: 'running', tone: 'ready' };
  }
}

export function exitText(exit: { status: number | null; signal: string | null }): string {
  if (exit.signal !== null) return `ended by ${signalName(exit.signal)}`;
  return exit.status === null ? 'exited' : `exit ${exit.status}`;
}

const endReasons: Record<string, string> = {
  lifetime: 'it was as old as a session may be',
  idle: 'nobody used it for as long as the server allows',
  'user-memory': 'your sessions took more memory than they may, and this one most of it',
};

/** Why the server ended it, unless somebody asked for that. */
export function endReason(session: Session): string | null {
  if (!session.end_reason) return null;
  return endReasons[session.end_reason] ?? `the limit ${session.end_reason}`;
}

/** Why no program runs and when the next one starts; null unless the session waits for one. */
export function restartWait(session: Session, nowMs: number): { ended: string; next: string } | null {
  const { restart } = session;
  if (session.state !== 'starting' || !restart?.next_at) return null;
  const seconds = Math.ceil((Date.parse(restart.next_at) - nowMs) / 1000);
  return { ended: lastEnd(session), next: seconds > 0 ? `starts again in ${seconds} s` : 'starts again now' };
}

/** How often the program was started again, and how the one before ended; null when it never was. */
export function restartCount(session: Session): { count: number; text: string } | null {
  const count = session.restart?.count ?? 0;
  if (count === 0) return null;
  const times = count === 1 ? 'once' : `${count} times`;
  const before = lastEnd(session);
  return { count, text: `Started again ${times}${before ? `; the program before: ${before}` : ''}` };
}

/** How the program before the present one ended; empty when that is not known. */
function lastEnd({ restart }: Session): string {
  const status = restart?.last_exit_status ?? null;
  const signal = restart?.last_signal == null ? null : String(restart.last_signal);
  return status === null && signal === null ? '' : exitText({ status, signal });
}

export function restartPolicyText(policy: RestartPolicy): string {
  return { never: 'never', 'on-failure': 'on failure', always: 'always' }[policy];
}

/** What asks for a session like this one. */
export function sameAgain({ command, cwd, title, sandbox, restart }: Session): NewSession {
  return { command, cwd, title, ...(sandbox && { sandbox }), ...(restart && { restart: restart.policy }) };
}

const signals: Record<string, string> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  4: 'SIGILL',
  6: 'SIGABRT',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  13: 'SIGPIPE',
  15: 'SIGTERM',
};

function signalName(signal: string): string {
  const name = signals[signal] ?? signal;
  return /^[A-Z]/.test(name) ? (name.startsWith('SIG') ? name : `SIG${name}`) : `signal ${name}`;
}

/** The exit status of the last command in a shell, when the shell tells and it went wrong. */
export function lastCommandFailure(session: Session): string | null {
  const status = session.shell?.last_exit_status;
  return status && !isOver(session) ? String(status) : null;
}

export function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} KiB`;
  if (bytes < 1024 ** 3) return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}

/** Where the session is: what its shell says, else what the system says, else where it started. */
export function sessionFolder(session: Session): string {
  return session.shell?.cwd ?? session.usage?.cwd ?? session.cwd;
}

/** "make · 103% · 1.2 GiB · 14 processes"; null when it is not known. */
export function usageText(session: Session): string | null {
  const { usage } = session;
  if (!usage || isOver(session)) return null;
  const { cpu_percent: cpu, processes } = usage;
  const parts = [
    `${cpu < 10 ? Number(cpu.toFixed(1)) : Math.round(cpu)}%`,
    bytesText(usage.memory_bytes),
    processes === 1 ? '1 process' : `${processes} processes`,
  ];
  return (usage.foreground ? [usage.foreground, ...parts] : parts).join(' · ');
}

/** What a profile means, or why it cannot be had. */
export function sandboxNote(profile: SandboxProfile): string {
  return profile.available ? profile.description : `This machine cannot: ${profile.why_not ?? 'no reason is known'}.`;
}

/** The sandbox's profile, when the session is in one. */
export function sandboxName(session: Session): string | null {
  return session.sandbox && session.sandbox !== 'none' ? session.sandbox : null;
}

/** "3 s", "4 min", "2 h", "5 d". */
export function ageText(fromMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.floor((nowMs - fromMs) / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

export function linkText(link: LinkState, nowMs: number): { text: string; tone: Tone } {
  switch (link.kind) {
    case 'idle':
      return { text: 'Not connected', tone: 'muted' };
    case 'connecting':
      return { text: link.attempt === 0 ? 'Connecting…' : 'Reconnecting…', tone: 'busy' };
    case 'connected':
      return { text: 'Connected', tone: 'good' };
    case 'waiting': {
      const seconds = Math.max(0, Math.ceil((link.retryAt - nowMs) / 1000));
      return { text: `Reconnecting in ${seconds} s`, tone: 'busy' };
    }
    case 'offline':
      return { text: 'Offline', tone: 'bad' };
    case 'stopped':
      return { text: 'Disconnected', tone: 'bad' };
  }
}

/** Why this page stays disconnected: the rule, and what the server itself has said. */
export function stoppedText(link: LinkState & { kind: 'stopped' }): string {
  const said = link.reason.trim();
  const isAllSaid = said === '' || link.code === idleCode;
  return isAllSaid ? link.rule.text : `${link.rule.text} The server says: ${sentence(said)}`;
}

/** "Trying again in 7 s." */
export function retryText(retryAt: number, nowMs: number): string {
  const seconds = Math.ceil((retryAt - nowMs) / 1000);
  return seconds > 0 ? `Trying again in ${seconds} s.` : 'Trying again…';
}

export function pressureText({ level, used, capacity }: NonNullable<AppState['pressure']>): string {
  const figures = `${used} of ${capacity} connections.`;
  if (level < 2) return `The server is nearly full: ${figures}`;
  return `The server is full: ${figures} New ones are refused.`;
}

export function databaseText({ state, reason }: NonNullable<AppState['database']>): string {
  const what = state === 'blocked' ? 'The database cannot be used' : 'The database is away';
  return `${what}${reason ? `: ${reason}` : ''}. The terminals work; what is written down waits.`;
}

/** Why the screen was rebuilt; null when it needs no word. */
export function snapshotNotice(reason: SnapshotReason): string | null {
  switch (reason) {
    case 'first_attach':
      return null;
    case 'delta_gone':
      return 'Resynced: the missed output is no longer kept';
    case 'fell_behind':
      return 'Resynced: fell behind';
    case 'epoch_changed':
      return 'Resynced: the session was restored';
    case 'refresh':
      return 'Screen refreshed';
  }
}

/** Splits what a user typed as a command into words, with quotes and backslashes as in a shell. */
export function splitCommand(text: string): string[] | string {
  const words: string[] = [];
  let word: string | null = null;
  let quote: '"' | "'" | null = null;
  for (let i = 0; i < text.length; i++) {
    const char = text[i] as string;
    if (quote === "'") {
      if (char === "'") quote = null;
      else word += char;
    } else if (char === '\\') {
      if (i + 1 === text.length) return 'The command ends with a backslash.';
      word = (word ?? '') + text[++i];
    } else if (quote === '"') {
      if (char === '"') quote = null;
      else word += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (/\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else {
      word = (word ?? '') + char;
    }
  }
  if (quote !== null) return `A ${quote} is not closed.`;
  if (word !== null) words.push(word);
  return words;
}
