import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
let count = 0;

/** `roost attach` in a terminal of its own: a tmux server that nobody else uses. */
export class CliAttach {
  static async start(server, session, { cols, rows }) {
    const attach = new CliAttach();
    attach.socket = `roost-web-${process.pid}-${++count}`;
    const { program, args, env } = server.cli('attach', session);
    attach.env = env;
    const size = ['-x', String(cols), '-y', String(rows)];
    const data = `ROOST_DATA_DIR=${env.ROOST_DATA_DIR}`;
    // A client that ends at once must leave its last words on the screen.
    const settings = ['set-option', '-g', 'remain-on-exit', 'on', ';', 'set-option', '-g', 'status', 'off', ';'];
    await attach.tmux(...settings, 'new-session', '-d', ...size, 'env', data, program, ...args);
    return attach;
  }

  async tmux(...args) {
    const { stdout } = await run('tmux', ['-L', this.socket, '-f', '/dev/null', ...args], { env: this.env });
    return stdout;
  }

  async screen() {
    return (await this.tmux('capture-pane', '-p')).split('\n').map((line) => line.trimEnd());
  }

  async type(line) {
    await this.tmux('send-keys', '-l', line);
    await this.tmux('send-keys', 'Enter');
  }

  async stop() {
    await this.tmux('kill-server');
  }
}
