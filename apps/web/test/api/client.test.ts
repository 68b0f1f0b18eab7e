import { describe, expect, it } from 'vitest';
import { ApiClient, ApiError } from '../../src/api/client';

function setUp(status: number, body: string, headers: Record<string, string> = {}) {
  const calls: { url: string; init: RequestInit }[] = [];
  const client = new ApiClient((url, init) => {
    calls.push({ url, init });
    return Promise.resolve(new Response(status === 204 ? null : body, { status, headers }));
  });
  return { client, calls };
}

describe('ApiClient', () => {
  it('speaks the documented requests', async () => {
    const { client, calls } = setUp(200, '{"sessions":[]}');
    await client.login('secret');
    await client.sessions();
    await client.create({ command: ['sh'], cwd: '/tmp' });
    await client.rename('a/b', 'new');
    await client.kill('x', 'politely');
    await client.kill('x', 'now');
    expect(calls.map(({ url, init }) => `${init.method} ${url} ${init.body ?? ''}`.trim())).toEqual([
      'POST /login {"token":"secret"}',
      'GET /api/v1/sessions',
      'POST /api/v1/sessions {"command":["sh"],"cwd":"/tmp"}',
      'PATCH /api/v1/sessions/a%2Fb {"title":"new"}',
      'DELETE /api/v1/sessions/x',
      'DELETE /api/v1/sessions/x?now=1',
    ]);
  });

  it('asks for the sandbox profiles', async () => {
    const { client, calls } = setUp(200, '{"sandboxes":[{"name":"none"}]}');
    expect(await client.sandboxes()).toEqual([{ name: 'none' }]);
    expect(calls[0]?.url).toBe('/api/v1/sandboxes');
  });

  it('turns a problem into an error with its text and correlation id', async () => {
    const problem = { title: 'No such directory', detail: 'cwd /nope does not exist.', correlation_id: 'c-1' };
    const { client } = setUp(422, JSON.stringify(problem));
    const error = await client.create({ cwd: '/nope' }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 422, message: problem.detail, correlationId: 'c-1' });
  });

  it('says what is the matter with a thing that a problem only names', async () => {
    const texts: string[] = [];
    for (const problem of [{ title: 'No such session', detail: 'ab12' }, { title: 'No such session' }, { detail: 'ab12' }, {}]) {
      const { client } = setUp(404, JSON.stringify(problem));
      texts.push(await client.kill('ab12', 'now').catch((error: ApiError) => error.message) as string);
    }
    expect(texts).toEqual(['No such session: ab12', 'No such session', 'ab12', 'The server answered 404.']);
  });

  it('survives answers that are not JSON and servers that are not there', async () => {
    const { client } = setUp(502, '<html>', { 'x-correlation-id': 'c-2' });
    await expect(client.sessions()).rejects.toMatchObject({ status: 502, correlationId: 'c-2' });
    const away = new ApiClient(() => Promise.reject(new TypeError('failed')));
    await expect(away.sessions()).rejects.toMatchObject({ status: 0 });
  });

  it('takes an empty answer as success', async () => {
    const { client } = setUp(204, '');
    await expect(client.kill('x', 'now')).resolves.toBeUndefined();
  });

  it('says when a server without room wants to be asked again', async () => {
    const problem = { type: '/problems/at-capacity', title: 'The server is at its connection limit' };
    const { client } = setUp(503, JSON.stringify(problem), { 'retry-after': '7' });
    const refused = { code: 'at-capacity', text: 'The server is full.', retryAfterMs: 7_000 };
    await expect(client.sessions()).rejects.toMatchObject({ status: 503, refused });
    const proxy = setUp(503, '<html>').client;
    await expect(proxy.sessions()).rejects.toMatchObject({ refused: { code: null, retryAfterMs: null } });
    await expect(setUp(422, '{}').client.sessions()).rejects.toMatchObject({ refused: null });
  });
});

describe('a question about the next WebSocket', () => {
  const problemType = { 'content-type': 'application/problem+json; charset=utf-8' };

  it('is a plain GET of the same address', async () => {
    const { client, calls } = setUp(426, '{}', problemType);
    expect(await client.probe()).toBe('none');
    expect(calls.map(({ url, init }) => [init.method, url, init.credentials])).toEqual([['GET', '/ws', 'same-origin']]);
  });

  it('is answered with why there is no room', async () => {
    const body = JSON.stringify({
      type: '/problems/rate-limited',
      title: 'Too many requests',
      detail: 'this address has its share of WebSockets',
    });
    expect(await setUp(429, body, { ...problemType, 'retry-after': '12' }).client.probe()).toEqual({
      kind: 'refused',
      code: 'rate-limited',
      text: 'The server turns this page away: this address has its share of WebSockets.',
      retryAfterMs: 12_000,
    });
    expect(await setUp(503, 'null', problemType).client.probe()).toMatchObject({ retryAfterMs: null });
  });

  it('tells a login that is over, and nothing from what others answer', async () => {
    const answers = { 401: 'unauthenticated', 403: 'forbidden', 200: 'none', 404: 'none', 502: 'none', 503: 'none' };
    for (const [status, refusal] of Object.entries(answers)) {
      expect(await setUp(Number(status), '<html>', { 'content-type': 'text/html' }).client.probe()).toBe(refusal);
    }
    const away = new ApiClient(() => Promise.reject(new TypeError('failed')));
    expect(await away.probe()).toBe('unreachable');
  });
});
