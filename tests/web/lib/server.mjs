import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './wait.mjs';

const readyLine = /https?:\/\/\S+\/#token=\S+(?=\s)/;
const root = fileURLToPath(new URL('../../../', import.meta.url));

function findProgram(name, fromEnvironment) {
  if (fromEnvironment) return path.resolve(fromEnvironment);
  for (const preset of ['release', 'dev']) {
    const candidate = path.join(root, 'build', preset, 'apps', name, name);
    if (existsSync(candidate)) return candidate;
  }
  throw new Error(`no ${name} in build/release or build/dev: build it, or say where it is (ROOSTD, ROOST)`);
}

/** `connections.max_per_ip` as the environment has it. */
function environmentOf(settings) {
  const name = (key) => `ROOST_${key.toUpperCase().replaceAll('.', '_')}`;
  return Object.fromEntries(Object.entries(settings).map(([key, value]) => [name(key), String(value)]));
}

/** One roostd of its own: port, data dir, token. */
export class Server {
  /**
   * `settings`: what differs from the defaults, e.g. `{ 'connections.max': 3 }`; `config`: the text of a
   * configuration file, for what the environment cannot say.
   */
  static async start({ listen = '127.0.0.1:0', dataDir, settings = {}, config } = {}) {
    const server = new Server();
    server.dataDir = dataDir ?? mkdtempSync(path.join(tmpdir(), 'roost-web-'));
    server.program = findProgram('roostd', process.env.ROOSTD);
    server.log = '';
    const options = ['--listen', listen, '--data-dir', server.dataDir];
    if (config !== undefined) {
      const file = path.join(server.dataDir, 'roost.yaml');
      writeFileSync(file, config, { mode: 0o600 });
      options.push('--config', file);
    }
    server.process = spawn(server.program, options, {
      cwd: server.dataDir,
      env: { ...process.env, HISTFILE: '/dev/null', ...environmentOf(settings) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    server.exited = new Promise((resolve) => server.process.once('exit', resolve));
    for (const stream of [server.process.stdout, server.process.stderr]) {
      stream.on('data', (data) => {
        server.log += data;
        if (server.readyAt === undefined && readyLine.test(server.log)) server.readyAt = Date.now();
      });
    }
    server.process.on('error', (error) => (server.log += `\n${error.message}`));
    server.url = await until('the URL that roostd prints', () => readyLine.exec(server.log)?.[0], {
      describe: () => server.log,
    });
    server.base = new URL('/', server.url).href;
    server.token = new URL(server.url).hash.slice('#token='.length);
    return server;
  }

  /** Whether the server was built with AddressSanitizer. */
  get isSanitized() {
    return readFileSync(this.program).includes('__asan_init');
  }

  /** The `roost` client for this server, as an argument list and an environment. */
  cli(...args) {
    const program = process.env.ROOST
      ? path.resolve(process.env.ROOST)
      : path.join(path.dirname(this.program), '..', 'roost', 'roost');
    return { program, args, env: { ...process.env, ROOST_DATA_DIR: this.dataDir } };
  }

  async api(method, route, body) {
    const response = await fetch(new URL(`/api/v1${route}`, this.base), {
      method,
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${text}`);
    return text === '' ? null : JSON.parse(text);
  }

  /** A session with a shell that has the same prompt and no start-up files everywhere. */
  async newShell(options = {}) {
    return this.api('POST', '/sessions', {
      command: ['bash', '--norc', '--noprofile'],
      env: { PS1: '$ ' },
      cols: 100,
      rows: 30,
      ...options,
    });
  }

  /** Ends the process and keeps the data dir, for another start. The exit status; null: it had to be killed. */
  async shutDown() {
    this.process.kill('SIGTERM');
    const timer = setTimeout(() => this.process.kill('SIGKILL'), 15_000);
    const status = await this.exited;
    clearTimeout(timer);
    return status;
  }

  /** kill -9 of the server: its keeper and the programs stay. */
  async crash() {
    this.process.kill('SIGKILL');
    await this.exited;
  }

  async stop() {
    await this.shutDown();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}
