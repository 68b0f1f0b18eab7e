import { Server } from '../lib/server.mjs';
import { check, checkEqual, until } from '../lib/wait.mjs';

/** What the player shows, row by row. */
const playerText = (page) => page.locator('.ap-term-text').innerText();
const clock = (page) => page.locator('.ap-time-elapsed').innerText();

async function download({ server }, id, format) {
  const url = new URL(`/api/v1/sessions/${id}/recording?format=${format}`, server.base);
  const response = await fetch(url, { headers: { authorization: `Bearer ${server.token}` } });
  return { status: response.status, text: await response.text() };
}

/** A session that has printed known lines and ended; its recording is complete. */
async function pastSession(stage, title) {
  const { id } = await stage.server.newShell({
    title,
    command: ['bash', '-c', 'for n in 1 2 3; do echo "line $((n * 111))"; sleep 0.7; done; echo last-words; exit 3'],
    cols: 60,
    rows: 12,
  });
  await until(
    'the recording',
    async () => {
      const { status, text } = await download(stage, id, 'asciicast-v3');
      return status === 200 && text.endsWith('"x","3"]\n');
    },
    { timeoutMs: 30_000 },
  );
  return id;
}

/** The recording plays: the clock goes on, and at the end the last line is there. */
async function playsToItsEnd(page) {
  await until('the clock to begin', async () => /^00:0[01]$/.test(await clock(page)));
  await until('the last line in the player', async () => (await playerText(page)).includes('last-words'), {
    describe: () => playerText(page),
  });
  check(/line 111\s+line 222\s+line 333\s+last-words/.test(await playerText(page)), await playerText(page));
  await until('the clock to be at 2 s', async () => (await clock(page)) >= '00:02', { describe: () => clock(page) });
}

/** Files of the player that the page has fetched. */
const playerFiles = (page) =>
  page.evaluate(() => performance.getEntriesByType('resource').filter(({ name }) => /\/player-/.test(name)).length);

export const flows = {
  'a past session is in the history, its recording plays and is a file': async (stage) => {
    const id = await pastSession(stage, 'told-and-gone');
    const browser = await stage.newShellPage({ viewport: { width: 1100, height: 760 } });
    const { page } = browser;
    await page.getByRole('button', { name: 'Archive', exact: true }).click();
    await page.getByText('History', { exact: true }).click();
    const row = page.locator('.archive-row', { hasText: 'told-and-gone' }).first();
    await row.getByText('exit 3', { exact: true }).waitFor();
    await page.screenshot({ path: stage.screenshotPath('archive_history') });
    checkEqual(await playerFiles(page), 0, 'files of the player before it is needed');
    await row.getByRole('button', { name: /^told-and-gone/ }).click();
    await page.getByRole('dialog', { name: 'Recording: told-and-gone' }).waitFor();
    await playsToItsEnd(page);
    check((await playerFiles(page)) > 0, 'the player did not come by itself');
    await page.screenshot({ path: stage.screenshotPath('archive_recording') });

    for (const [name, format, beginning] of [
      ['asciicast v3', 'asciicast-v3', /^\{"version":3,/],
      ['asciicast v2', 'asciicast-v2', /^\{"version":2,/],
      ['Text', 'text', /^line 111\nline 222\nline 333\nlast-words\n/],
    ]) {
      const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name }).click()]);
      const pieces = [];
      for await (const piece of await file.createReadStream()) pieces.push(piece);
      const got = Buffer.concat(pieces).toString();
      check(beginning.test(got), `${name}: ${got.slice(0, 200)}`);
      checkEqual(got, (await download(stage, id, format)).text, `the file ${name}`);
    }

    await page.getByRole('button', { name: 'Back', exact: true }).click();
    await row.getByText('exit 3', { exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await until('the terminal to have the focus', () => page.evaluate(() => document.activeElement.matches('.xterm-helper-textarea')), {
      describe: () => page.evaluate(() => document.activeElement.outerHTML.slice(0, 200)),
    });
    await page.keyboard.type('echo typed-again\n');
    await browser.waitForText(/^typed-again$/m);
  },

  'a recording is opened from the list, and what has none says why': async (stage) => {
    const browser = await stage.newBrowser();
    const { page } = browser;
    const { id: sessionId } = await stage.server.newShell({ command: ['sh', '-c', 'read -r line; echo "heard: $line"'] });
    await browser.openSession(stage.server, sessionId);
    const row = page.locator(`.session:has([data-session="${sessionId}"])`);
    await row.hover();
    await row.getByRole('button', { name: /^Recording of/ }).click();
    await page.getByRole('dialog').getByRole('alert').getByText('nothing of this session is recorded').waitFor();
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    await browser.type('speech');
    await page.locator('.pane-notice').getByRole('button', { name: 'Recording' }).waitFor();
    await until('the recording', async () => (await download(stage, sessionId, 'text')).status === 200, { timeoutMs: 30_000 });
    await page.locator('.pane-notice').getByRole('button', { name: 'Recording' }).click();
    await until('the line in the player', async () => (await playerText(page)).includes('heard: speech'));
    checkEqual(await page.getByRole('button', { name: 'Back', exact: true }).count(), 0, 'ways back to where nobody was');
    // The player has the focus. Escape hides its list of keys, then it closes the dialog.
    const help = page.locator('.ap-overlay-help');
    await page.keyboard.press('?');
    await help.waitFor();
    await page.keyboard.press('Escape');
    await help.waitFor({ state: 'detached' });
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  },

  'the history opens a session that runs; all by keys': async (stage) => {
    const browser = await stage.newShellPage();
    const { page } = browser;
    const { id } = await stage.server.newShell({ title: 'still-here' });
    await until('the session in the history', async () =>
      (await stage.server.api('GET', '/history')).sessions.some((past) => past.id === id),
    );
    await page.keyboard.press('Control+Shift+H');
    await page.getByRole('radio', { name: 'Search' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.locator('.archive-row', { hasText: 'still-here' }).first().waitFor();
    await page.keyboard.press('Tab');
    await until('the row to have the focus', () => page.evaluate(() => document.activeElement.matches('.archive-open')));
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await until('the session in front', async () => (await browser.activeId()) === id);
    await browser.live(id);
  },

  'the history comes page by page': async (stage) => {
    for (const title of ['page-a', 'page-b', 'page-c', 'page-d', 'page-e']) await stage.server.newShell({ title });
    const written = await until('five sessions in the history', async () => {
      const { sessions } = await stage.server.api('GET', '/history');
      return sessions.filter(({ title }) => title.startsWith('page-')).length >= 5 && sessions;
    });
    const browser = await stage.newBrowser();
    const { page } = browser;
    await page.route('**/api/v1/history*', (route) => {
      const url = new URL(route.request().url());
      url.searchParams.set('limit', '2');
      return route.continue({ url: url.href });
    });
    await browser.open(stage.server.base);
    await page.getByRole('button', { name: 'Archive', exact: true }).click();
    await page.getByText('History', { exact: true }).click();
    const titles = page.locator('.archive-row strong');
    for (const count of [2, 4]) {
      await until(`${count} rows`, async () => (await titles.count()) === count);
      await page.getByRole('button', { name: 'More', exact: true }).click();
    }
    await until('the third page', async () => (await titles.count()) > 4);
    const shown = await titles.allInnerTexts();
    checkEqual(shown.slice(0, 5), written.slice(0, 5).map(({ title }) => title), 'the newest, in order');
  },

  'the database is ready, and the page says how it came to that': async (stage) => {
    const browser = await stage.newShellPage();
    const { page } = browser;
    await page.getByRole('button', { name: 'Archive', exact: true }).click();
    await page.getByText('Database', { exact: true }).click();
    await page.locator('.database-state', { hasText: /^ready$/ }).waitFor();
    const { transitions, schema_version: version } = await stage.server.api('GET', '/database');
    await page.locator('.facts').getByText(`version ${version}`).waitFor();
    const shown = await page.locator('.transitions li > span:nth-of-type(2)').allInnerTexts();
    checkEqual(shown, transitions.map(({ state }) => state).reverse(), 'the transitions, newest first');
    check(shown.includes('verifying') && shown.at(0) === 'ready', `transitions: ${shown}`);
    checkEqual(await page.getByText('All nodes').count(), 0, 'choices of nodes where the database is not shared');
    await page.screenshot({ path: stage.screenshotPath('archive_database') });
  },

  'the page shows live how a database goes away': async (stage) => {
    const settings = { 'database.url': 'postgresql://127.0.0.1:1/roost', 'database.fallback.grace': '3s' };
    const server = await Server.start({ settings });
    try {
      const browser = await stage.newBrowser({ signIn: false });
      const { page } = browser;
      await browser.open(server.url);
      await browser.live();
      await page.keyboard.press('Control+Shift+H');
      await page.getByText('Database', { exact: true }).click();
      await page.locator('.database-state', { hasText: 'memory-only' }).waitFor();
      await page.locator('.facts', { hasText: /Failed attempts\s*\d/ }).waitFor();
      await page.locator('.facts', { hasText: /Waiting for PostgreSQL\s*\d+ record/ }).waitFor();
      checkEqual(await page.locator('.transitions li').first().locator('.hint').innerText(), 'the database cannot be reached', 'why');
      await page.screenshot({ path: stage.screenshotPath('archive_database_away') });
      await page.getByText('History', { exact: true }).click();
      await page.getByLabel('All nodes').waitFor();
      await page.locator('.archive-row').first().waitFor();
      await browser.page.context().close();
    } finally {
      await server.stop();
    }
  },

  'on a phone the archive and the player have the whole screen': async (stage) => {
    await pastSession(stage, 'for-the-phone');
    const browser = await stage.newShellPage({
      viewport: { width: 390, height: 780 },
      deviceScaleFactor: 2,
      hasTouch: true,
      isMobile: true,
    });
    const { page } = browser;
    const fits = async (what) => {
      const [width, overflow] = await page.evaluate(() => {
        const dialog = document.querySelector('dialog');
        return [dialog.clientWidth, dialog.scrollWidth - dialog.clientWidth];
      });
      checkEqual([width, overflow], [390, 0], `width and overflow of ${what}`);
      await page.screenshot({ path: stage.screenshotPath(`phone_${what}`) });
    };
    await page.getByRole('button', { name: 'Show or hide the list' }).tap();
    await page.getByRole('button', { name: 'Archive', exact: true }).tap();
    await page.getByText('Narrow down').tap();
    await fits('search');
    await page.getByText('Database', { exact: true }).tap();
    await page.locator('.database-state').waitFor();
    await fits('database');
    await page.getByText('History', { exact: true }).tap();
    const row = page.locator('.archive-row', { hasText: 'for-the-phone' }).first();
    await row.waitFor();
    await fits('history');
    await row.getByRole('button', { name: /^Recording of/ }).tap();
    await playsToItsEnd(page);
    await fits('recording');
  },

  'what a session has printed is found, and its recording stands at that place': async (stage) => {
    const program = 'echo nothing; sleep 1.5; echo "a NeedLe in <b>hay</b>"; sleep 1.5; echo too-late; exit 2';
    const { id } = await stage.server.newShell({ title: 'haystack', command: ['bash', '-c', program], cols: 60, rows: 12 });
    const { id: live } = await stage.server.newShell({ title: 'live-haystack', command: ['sh', '-c', 'echo a livestraw; exec cat'] });
    for (const word of ['needle', 'livestraw']) {
      const found = async () => (await stage.server.api('GET', `/search?q=${word}`)).hits.length > 0;
      await until(`${word} to be found`, found, { timeoutMs: 30_000 });
    }
    const browser = await stage.newShellPage();
    const { page } = browser;
    await page.getByRole('button', { name: 'Archive', exact: true }).click();
    await page.getByText('Search', { exact: true }).first().click();
    const words = page.getByRole('searchbox', { name: 'Words' });
    await words.fill('!!');
    await words.press('Enter');
    await page.getByRole('dialog').getByRole('alert').getByText('a search needs a word').waitFor();
    await words.fill('needle');
    await page.getByText('Narrow down').click();
    await page.getByRole('combobox', { name: 'Session' }).fill(id);
    await page.getByLabel('From').fill('2020-01-31T12:00');
    await words.press('Enter');
    const hit = page.locator('.archive-row', { hasText: 'haystack' });
    await hit.locator('mark', { hasText: /^NeedLe$/ }).waitFor();
    check((await hit.locator('.hit').innerText()).includes('a NeedLe in <b>hay</b>'), 'the text of the hit');
    await page.getByText('Narrowed down: session, from').waitFor();
    await page.screenshot({ path: stage.screenshotPath('archive_hit') });
    await hit.locator('.archive-open').click();
    await until('the place', async () => (await playerText(page)).includes('a NeedLe in <b>hay</b>'));
    const shownAt = await clock(page);
    check(!(await playerText(page)).includes('too-late'), 'the recording does not stand at its place');
    await page.keyboard.press(' '); // The player has the focus: on it goes.
    await until('the end', async () => (await playerText(page)).includes('too-late'));
    check((await clock(page)) > shownAt, 'the clock does not go on');

    await page.getByRole('button', { name: 'Back', exact: true }).click();
    await hit.locator('mark').waitFor();
    checkEqual(await words.inputValue(), 'needle', 'what was looked for');
    await page.getByText('Narrowed down: session, from').click();
    await page.getByRole('combobox', { name: 'Session' }).fill('');
    await words.fill('livestraw');
    await words.press('Enter');
    await page.locator('.archive-row', { hasText: 'live-haystack' }).locator('.archive-open').click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    checkEqual(await browser.activeId(), live, 'the session in front');
  },
};
