import type { TerminalSink } from '../../src/session/terminal_pump';

/** A terminal that parses when the test says so, and writes down what happened in which order. */
export class SlowSink implements TerminalSink {
  readonly log: string[] = [];
  private inside: { bytes: Uint8Array; parsed: () => void } | null = null;

  write(bytes: Uint8Array, parsed: () => void): void {
    if (this.inside) throw new Error('two writes at once');
    this.inside = { bytes, parsed };
  }

  reset(): void {
    this.log.push('reset');
  }

  resize(cols: number, rows: number): void {
    this.log.push(`resize ${cols}x${rows}`);
  }

  get isBusy(): boolean {
    return this.inside !== null;
  }

  /** Parses the piece that is inside; `during` runs as a parser hook would. */
  parse(during: () => void = () => undefined): void {
    const piece = this.inside;
    if (!piece) throw new Error('nothing to parse');
    this.log.push(new TextDecoder('latin1').decode(piece.bytes));
    during();
    this.inside = null;
    piece.parsed();
  }

  parseAll(): void {
    while (this.inside) this.parse();
  }
}
