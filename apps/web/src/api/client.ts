import { readRefusal, type Refused } from '../protocol/refusal';
import type { Refusal } from '../session/link_types';
import type {
  DatabaseReport,
  HistoryQuery,
  Page,
  PastSession,
  RecordingFormat,
  SearchHit,
  SearchQuery,
} from './archive_types';
import type { Channel, ChannelHold } from './channel_types';
import type { NewSession, Problem, SandboxProfile, Session } from './types';

/** A refused or failed request, with the text to show. */
export class ApiError extends Error {
  constructor(
    /** HTTP status; 0 when the server could not be reached. */
    readonly status: number,
    message: string,
    readonly correlationId: string | null = null,
    /** What a server without room says (429, 503): when to come back. */
    readonly refused: Refused | null = null,
  ) {
    super(message);
  }
}

/** No answer within this time is a failure. */
const requestTimeoutMs = 15_000;
/** The same for a question that decides about the next attempt to connect. */
const probeTimeoutMs = 5_000;

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** The session part of the HTTP API, for a page that is signed in by cookie. */
export class ApiClient {
  constructor(private readonly fetch: Fetch = (url, init) => globalThis.fetch(url, init)) {}

  async login(token: string): Promise<void> {
    await this.request('POST', '/login', { token });
  }

  async sessions(): Promise<Session[]> {
    const answer = (await this.request('GET', '/api/v1/sessions')) as { sessions: Session[] };
    return answer.sessions;
  }

  async sandboxes(): Promise<SandboxProfile[]> {
    const answer = (await this.request('GET', '/api/v1/sandboxes')) as { sandboxes: SandboxProfile[] };
    return answer.sandboxes;
  }

  async database(): Promise<DatabaseReport> {
    return (await this.request('GET', '/api/v1/database')) as DatabaseReport;
  }

  async channels(): Promise<Channel[]> {
    const answer = (await this.request('GET', '/api/v1/channels')) as { channels: Channel[] };
    return answer.channels;
  }

  /** Sets a channel by hand; the channel as it is then. */
  async holdChannel(name: string, wish: ChannelHold): Promise<Channel> {
    return (await this.request('PUT', overridePath(name), wish)) as Channel;
  }

  /** Leaves a channel to itself again; the channel as it is then. */
  async releaseChannel(name: string): Promise<Channel> {
    return (await this.request('DELETE', overridePath(name))) as Channel;
  }

  /** The sessions that were written down, newest first. */
  async history(query: HistoryQuery): Promise<Page<PastSession>> {
    const path = `/api/v1/history${queryText({ ...query })}`;
    const { sessions, next } = (await this.request('GET', path)) as {
      sessions: PastSession[];
      next: string | null;
    };
    return { rows: sessions, next };
  }

  /** Where the words stand in what sessions have shown. */
  async search(query: SearchQuery): Promise<Page<SearchHit>> {
    const path = `/api/v1/search${queryText({ ...query })}`;
    const { hits, next } = (await this.request('GET', path)) as { hits: SearchHit[]; next: string | null };
    return { rows: hits, next };
  }

  /** A recording, as it comes: it may be long, so only `signal` ends it. */
  async recording(id: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const init: RequestInit = { method: 'GET', credentials: 'same-origin', signal };
    const response = await this.fetch(recordingPath(id, 'asciicast-v3'), init).catch(() => {
      throw unreachable();
    });
    if (!response.ok) throw refusalOf(response, await response.text().catch(() => ''));
    if (response.body === null) throw unreachable();
    return response.body;
  }

  async create(wish: NewSession): Promise<Session> {
    return (await this.request('POST', '/api/v1/sessions', wish)) as Session;
  }

  async rename(id: string, title: string): Promise<void> {
    await this.request('PATCH', sessionPath(id), { title });
  }

  /** Ends a session's program: politely first, or at once. Removes a session that has exited. */
  async kill(id: string, how: 'politely' | 'now'): Promise<void> {
    await this.request('DELETE', sessionPath(id) + (how === 'now' ? '?now=1' : ''));
  }

  /**
   * Whether the server would accept a WebSocket of this page now, and if not, why: browsers hide the
   * answer to a failed handshake. What is no word of a Roost server (a proxy's page) decides nothing.
   */
  async probe(): Promise<Refusal> {
    let response: Response;
    let text: string;
    try {
      response = await this.fetch('/ws', {
        method: 'GET',
        credentials: 'same-origin',
        cache: 'no-store',
        signal: AbortSignal.timeout(probeTimeoutMs),
        headers: { accept: 'application/problem+json' },
      });
      text = await response.text();
    } catch {
      return 'unreachable';
    }
    const { status, headers } = response;
    if (status === 401) return 'unauthenticated';
    if (status === 403) return 'forbidden';
    const isProblem = headers.get('content-type')?.startsWith('application/problem+json') ?? false;
    if (!isNoRoom(status) || !isProblem) return 'none';
    return readRefusal(status, problemIn(text), headers.get('retry-after'));
  }

  private async request(method: string, path: string, body?: unknown): Promise<unknown> {
    const init: RequestInit = {
      method,
      credentials: 'same-origin',
      signal: AbortSignal.timeout(requestTimeoutMs),
      headers: { accept: 'application/json' },
    };
    if (body !== undefined) {
      init.headers = { accept: 'application/json', 'content-type': 'application/json' };
      init.body = JSON.stringify(body);
    }
    let response: Response;
    let text: string;
    try {
      response = await this.fetch(path, init);
      text = await response.text();
    } catch {
      throw unreachable();
    }
    if (response.ok) return parse(text);
    throw refusalOf(response, text);
  }
}

/** Where a recording is, for links too. */
export function recordingPath(id: string, format: RecordingFormat): string {
  return `${sessionPath(id)}/recording?format=${format}`;
}

/** "?a=1&b=2" of what has a value; empty when nothing has. */
function queryText(fields: Record<string, string | undefined>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) if (value) params.set(name, value);
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}

function unreachable(): ApiError {
  return new ApiError(0, 'The server cannot be reached.');
}

function refusalOf({ status, headers }: Response, text: string): ApiError {
  const problem = problemIn(text);
  return new ApiError(
    status,
    problemText(problem) || `The server answered ${status}.`,
    problem.correlation_id ?? headers.get('x-correlation-id'),
    isNoRoom(status) ? readRefusal(status, problem, headers.get('retry-after')) : null,
  );
}

/** A detail that is a word alone only names the thing that the title is about. */
function problemText({ title = '', detail = '' }: Problem): string {
  if (/\s/.test(detail)) return detail;
  return [title, detail].filter((text) => text !== '').join(': ');
}

function isNoRoom(status: number): boolean {
  return status === 429 || status === 503;
}

function problemIn(text: string): Problem {
  const value = parse(text);
  return typeof value === 'object' && value !== null ? value : {};
}

function sessionPath(id: string): string {
  return `/api/v1/sessions/${encodeURIComponent(id)}`;
}

function overridePath(name: string): string {
  return `/api/v1/channels/${encodeURIComponent(name)}/override`;
}

function parse(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return null; // A proxy's page; the status says enough.
  }
}

/** What to show of something that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
