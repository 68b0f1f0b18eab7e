import type { NewSession, Problem, Session } from './types';

/** A refused or failed request, with the text to show. */
export class ApiError extends Error {
  constructor(
    /** HTTP status; 0 when the server could not be reached. */
    readonly status: number,
    message: string,
    readonly correlationId: string | null = null,
  ) {
    super(message);
  }
}

/** No answer within this time is a failure. */
const requestTimeoutMs = 15_000;

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
      throw new ApiError(0, 'The server cannot be reached.');
    }
    const value = parse(text);
    if (response.ok) return value;
    const problem = (value ?? {}) as Problem;
    throw new ApiError(
      response.status,
      problem.detail ?? problem.title ?? `The server answered ${response.status}.`,
      problem.correlation_id ?? response.headers.get('x-correlation-id'),
    );
  }
}

function sessionPath(id: string): string {
  return `/api/v1/sessions/${encodeURIComponent(id)}`;
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
