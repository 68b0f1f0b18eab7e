/** What a session's processes take, at one moment. */
export interface Usage {
  /** Of one CPU, so more than 100 is possible. */
  cpu_percent: number;
  cpu_ms: number;
  /** Resident; a page that several processes share counts in each. */
  memory_bytes: number;
  processes: number;
  /** The command that has the terminal. */
  foreground: string | null;
  /** Of that command. */
  cwd: string | null;
  at: string;
}

/** Whether a session whose program has ended starts it again. */
export const restartPolicies = ['never', 'on-failure', 'always'] as const;
export type RestartPolicy = (typeof restartPolicies)[number];

/** How a session's program is started again. */
export interface Restart {
  policy: RestartPolicy;
  /** Programs that were started after the first. */
  count: number;
  /** While the session waits for its next program. */
  next_at: string | null;
  /** Of the program before the present one. */
  last_exit_status: number | null;
  last_signal: string | number | null;
  /** It has ended too often. */
  given_up: boolean;
}

/** A session as `GET /api/v1/sessions` tells it. */
export interface Session {
  id: string;
  title: string;
  node: string;
  state: 'starting' | 'running' | 'exiting' | 'exited' | 'lost';
  command: string[];
  cwd: string;
  pid: number | null;
  cols: number;
  rows: number;
  created_at: string;
  exited_at: string | null;
  exit_status: number | null;
  signal: string | number | null;
  /** The limit that ends it: lifetime, idle, user-memory. Null or absent: none. */
  end_reason?: string | null;
  epoch: string;
  offset: number;
  viewers: number;
  holder: string | null;
  /** What the shell integration knows; absent without it. */
  shell?: {
    cwd: string | null;
    prompt: boolean;
    running: string | null;
    last_exit_status: number | null;
  } | null;
  /** The profile that it runs in. */
  sandbox?: string;
  /** What it shows is recorded; absent on an older server. */
  record?: boolean;
  /** Absent on an older server. */
  restart?: Restart;
  /** Null when it is not known, and when the session is over. */
  usage?: Usage | null;
}

export interface NewSession {
  command?: string[];
  cwd?: string;
  /** Without it the server takes its default. */
  sandbox?: string;
  restart?: RestartPolicy;
  title?: string;
  cols?: number;
  rows?: number;
}

/** A sandbox profile as `GET /api/v1/sandboxes` tells it. */
export interface SandboxProfile {
  name: string;
  description: string;
  default: boolean;
  /** False: it is known that this machine cannot. */
  available: boolean;
  why_not: string | null;
}

/** RFC 9457. */
export interface Problem {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  correlation_id?: string;
}

export interface SessionEvent {
  topic: 'session.created' | 'session.changed' | 'session.exited' | 'session.removed';
  at: string;
  session: Session;
}

/** What the page needs to know of the server's database: `GET /database`, and its event. */
export interface DatabaseState {
  state: string;
  /** For people; null when there is nothing to say. */
  reason: string | null;
}

export const databaseTopic = 'database.changed';

export interface DatabaseEvent extends DatabaseState {
  topic: typeof databaseTopic;
  at: string;
}

export const sessionTopics: readonly SessionEvent['topic'][] = [
  'session.created',
  'session.changed',
  'session.exited',
  'session.removed',
];
