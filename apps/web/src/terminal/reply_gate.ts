import type { IDisposable, IParser } from '@xterm/xterm';

/** The parts of a terminal that the gate needs; xterm's headless build has them too. */
export interface GatedTerminal {
  readonly parser: Pick<IParser, 'registerCsiHandler' | 'registerDcsHandler' | 'registerOscHandler'>;
}

/** Window reports (XTWINOPS); the other operations act on the terminal and stay. */
const windowReports = new Set([11, 13, 14, 15, 16, 18, 19, 20, 21]);

/**
 * Keeps the terminal from answering queries (device attributes, cursor position, modes, colours …)
 * unless `mayReply` says so. Programs ask once and expect one answer: a viewer's, or one to a query
 * from a replay, would be typed into the shell. The hooks run inside the parser, so the decision is
 * exact for each sequence although writes are parsed later than they are made.
 */
export class ReplyGate {
  private readonly hooks: IDisposable[] = [];

  constructor(
    terminal: GatedTerminal,
    private readonly mayReply: () => boolean,
  ) {
    const { parser } = terminal;
    const query = () => !this.mayReply();
    // DA1, DA2, DA3; DSR and CPR, also private; DECRQM, ANSI and private; XTVERSION; DECREQTPARM;
    // DECRQPSR; the kitty keyboard query.
    const queries = [
      { final: 'c' },
      { prefix: '>', final: 'c' },
      { prefix: '=', final: 'c' },
      { final: 'n' },
      { prefix: '?', final: 'n' },
      { intermediates: '$', final: 'p' },
      { prefix: '?', intermediates: '$', final: 'p' },
      { prefix: '>', final: 'q' },
      { final: 'x' },
      { intermediates: '$', final: 'w' },
      { prefix: '?', final: 'u' },
    ];
    for (const id of queries) this.hooks.push(parser.registerCsiHandler(id, query));
    this.hooks.push(
      parser.registerCsiHandler({ final: 't' }, (params) => {
        return windowReports.has(Number(params[0])) && !this.mayReply();
      }),
      // DECRQSS and XTGETTCAP.
      parser.registerDcsHandler({ intermediates: '$', final: 'q' }, query),
      parser.registerDcsHandler({ intermediates: '+', final: 'q' }, query),
    );
    for (const colour of [4, 10, 11, 12]) {
      const isQuery = (data: string) => data.split(';').includes('?') && !this.mayReply();
      this.hooks.push(parser.registerOscHandler(colour, isQuery));
    }
  }

  /**
   * Whether data that the terminal wants to send must not leave: a focus report (also made when a
   * program switches focus reports on) speaks for the holder only.
   */
  isUnwanted(data: string): boolean {
    return (data === '\x1b[I' || data === '\x1b[O') && !this.mayReply();
  }

  dispose(): void {
    for (const hook of this.hooks) hook.dispose();
  }
}
