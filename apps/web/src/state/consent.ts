import { readJson, writeJson, type KeyValueStorage } from './settings';

export type Consent = 'always' | 'never';

const consentKey = 'roost.clipboard';
/** Answers beyond this forget the oldest. */
const maxAnswers = 200;

/** Which sessions may write the clipboard (OSC 52): the user's answers, kept per session. */
export class ConsentBook {
  constructor(private readonly storage: KeyValueStorage) {}

  get(session: string): Consent | null {
    return this.answers().find(([id]) => id === session)?.[1] ?? null;
  }

  set(session: string, consent: Consent): void {
    const others = this.answers().filter(([id]) => id !== session);
    writeJson(this.storage, consentKey, [...others, [session, consent]].slice(-maxAnswers));
  }

  private answers(): [string, Consent][] {
    const stored = readJson(this.storage, consentKey);
    if (!Array.isArray(stored)) return [];
    return stored.filter(
      (entry): entry is [string, Consent] =>
        Array.isArray(entry) &&
        typeof entry[0] === 'string' &&
        (entry[1] === 'always' || entry[1] === 'never'),
    );
  }
}
