import { describe, expect, it } from 'vitest';
import type { Page } from '../../src/api/archive_types';
import { nothingListed, Pager, type Listing } from '../../src/state/pager';

interface Asked {
  cursor: string | undefined;
  answer(page: Page<number>): Promise<void>;
  fail(text: string): Promise<void>;
}

function setUp() {
  let list: Listing<number> = nothingListed;
  const asked: Asked[] = [];
  const pager = new Pager<number>(
    () => list,
    (next) => (list = next),
    (error) => (error as Error).message,
  );
  const ask = (cursor?: string) =>
    new Promise<Page<number>>((resolve, reject) => {
      const settle = (act: () => void) => async () => {
        act();
        await new Promise((done) => setTimeout(done));
      };
      asked.push({
        cursor,
        answer: (page) => settle(() => resolve(page))(),
        fail: (text) => settle(() => reject(new Error(text)))(),
      });
    });
  return { pager, ask, asked, list: () => list };
}

describe('Pager', () => {
  it('adds page to page until there is no more', async () => {
    const { pager, ask, asked, list } = setUp();
    void pager.first(ask);
    expect(list()).toEqual({ rows: null, next: null, isLoading: true, error: null });
    await asked[0]?.answer({ rows: [1, 2], next: 'c' });
    expect(list()).toEqual({ rows: [1, 2], next: 'c', isLoading: false, error: null });
    void pager.more();
    void pager.more(); // While one is on its way there is no other.
    expect(asked.map(({ cursor }) => cursor)).toEqual([undefined, 'c']);
    await asked[1]?.answer({ rows: [3], next: null });
    expect(list()).toEqual({ rows: [1, 2, 3], next: null, isLoading: false, error: null });
    await pager.more();
    expect(asked).toHaveLength(2);
  });

  it('keeps what is there when a further page fails, and asks for it again', async () => {
    const { pager, ask, asked, list } = setUp();
    void pager.first(ask);
    await asked[0]?.answer({ rows: [1], next: 'c' });
    void pager.more();
    await asked[1]?.fail('away');
    expect(list()).toEqual({ rows: [1], next: 'c', isLoading: false, error: 'away' });
    void pager.more();
    expect(list().error).toBeNull();
    await asked[2]?.answer({ rows: [2], next: null });
    expect(list().rows).toEqual([1, 2]);
  });

  it('shows nothing of an old question when the new one fails', async () => {
    const { pager, ask, asked, list } = setUp();
    void pager.first(ask);
    await asked[0]?.answer({ rows: [1], next: 'c' });
    void pager.first(ask);
    expect(list().rows).toEqual([1]);
    await asked[1]?.fail('no such word');
    expect(list()).toEqual({ rows: null, next: null, isLoading: false, error: 'no such word' });
  });

  it('takes no answer to a question that is not the newest', async () => {
    const { pager, ask, asked, list } = setUp();
    void pager.first(ask);
    void pager.first(ask);
    await asked[1]?.answer({ rows: [2], next: null });
    await asked[0]?.answer({ rows: [1], next: 'old' });
    expect(list()).toEqual({ rows: [2], next: null, isLoading: false, error: null });
  });
});
