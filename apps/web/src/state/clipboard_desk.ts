import { copyText, planPaste } from '../terminal/clipboard';
import { ConsentBook, type Consent } from './consent';
import type { AppState } from './model';
import type { Notices } from './notices';
import type { KeyValueStorage } from './settings';
import type { Store } from './store';

/** What the desk needs of the terminal of a session. */
export interface PasteTarget {
  paste(text: string): void;
}

/** Everything between terminals and the clipboard; asks the user where a program or a text could do harm. */
export class ClipboardDesk {
  private readonly consents: ConsentBook;

  constructor(
    private readonly store: Store<AppState>,
    private readonly notices: Notices,
    private readonly terminalOf: (session: string) => PasteTarget | undefined,
    storage: KeyValueStorage,
  ) {
    this.consents = new ConsentBook(storage);
  }

  /** Types `raw` into the session, after a question when it has several lines. */
  paste(session: string, raw: string): void {
    if (this.store.get().streams[session]?.mode === 'view') {
      this.notices.say(session, 'Read-only', 'warning');
      return;
    }
    const { text, lines } = planPaste(raw);
    if (lines > 1 && this.store.get().settings.warnOnPaste) {
      this.store.set({ dialog: { kind: 'paste', session, text, lines } });
    } else this.terminalOf(session)?.paste(text);
  }

  confirmPaste(session: string, text: string): void {
    this.store.set({ dialog: null });
    this.terminalOf(session)?.paste(text);
  }

  async pasteFromClipboard(): Promise<void> {
    const { active } = this.store.get();
    if (active === null) return;
    try {
      this.paste(active, await navigator.clipboard.readText());
    } catch {
      this.notices.toast('This browser does not let the page read the clipboard.', 'error');
    }
  }

  async copy(text: string): Promise<void> {
    if (text === '') return;
    if (await this.write(text)) this.notices.toast('Copied', 'info');
  }

  /** A selection was made; copied at once where the user wants that. */
  onSelection(text: string): void {
    if (text !== '' && this.store.get().settings.copyOnSelect) void copyText(text);
  }

  /** A program in the session asks to put `text` on the clipboard (OSC 52). */
  onProgramWrites(session: string, text: string): void {
    const consent = this.consents.get(session);
    if (consent === 'always') void this.write(text);
    else if (consent === null) this.store.set({ clipboardRequest: { session, text } });
  }

  answer(answer: Consent | 'once' | 'not_now'): void {
    const request = this.store.get().clipboardRequest;
    this.store.set({ clipboardRequest: null });
    if (!request) return;
    if (answer === 'always' || answer === 'never') this.consents.set(request.session, answer);
    if (answer === 'always' || answer === 'once') void this.write(request.text);
  }

  private async write(text: string): Promise<boolean> {
    const done = await copyText(text);
    if (!done) this.notices.toast('This browser does not let the page copy.', 'error');
    return done;
  }
}
