import { Diary } from '../lib/diary.mjs';
import { Server } from '../lib/server.mjs';
import { check, checkEqual } from '../lib/wait.mjs';

const rounds = 3;

export const flows = {
  'crash: after kill -9 of the server the page is back by itself, in the same program': async (stage) => {
    let server = await Server.start();
    try {
      const browser = await stage.newBrowser({ signIn: false });
      await Diary.keepIn(browser.context);
      await browser.open(server.url);
      await browser.live();
      await browser.type('kept=before; clear; printf "\\033]0;a-title\\007"; echo one-$kept');
      await browser.waitForText(/^one-before$/m);
      const id = await browser.activeId();
      for (let round = 0; round < rounds; round += 1) {
        const { offset: offsetBefore } = await browser.live(id);
        await server.crash();
        await browser.waitForLink('waiting');
        server = await Server.start({ listen: new URL(server.base).host, dataDir: server.dataDir });
        await browser.waitForLink('connected', { timeoutMs: 40_000 });
        const { links } = await Diary.of(browser);
        console.log(`        back ${links.at(-1).at - server.readyAt} ms after the server was ready`);
        // Not a key was pressed: what was there is there, once, and goes on.
        const { offset } = await browser.live(id);
        check(offset >= offsetBefore, `output begins anew: ${offset} after ${offsetBefore}`);
        await browser.waitForText(/^one-before$/m);
        await browser.type(`echo round-${round}-$kept`);
        await browser.waitForText(new RegExp(`^round-${round}-before$`, 'm'));
      }
      await browser.page.screenshot({ path: stage.screenshotPath('after_crashes') });
      const text = await browser.text();
      checkEqual(text.match(/^one-before$/gm)?.length, 1, 'the line from before the crashes');
      check(!/round-0-before[^]*round-0-before$/m.test(text), `output was doubled:\n${text}`);
    } finally {
      await server.stop();
    }
  },

  'a database that is away: the page says so, and everything works': async (stage) => {
    // Nobody listens there.
    const settings = { 'database.url': 'postgresql://127.0.0.1:1/roost', 'database.fallback.grace': '100ms' };
    const server = await Server.start({ settings });
    try {
      const browser = await stage.newBrowser({ signIn: false });
      await browser.open(server.url);
      await browser.waitForBanner(/The database is away: the database cannot be reached\. The terminals work/);
      await browser.live();
      await browser.type('echo it-works');
      await browser.waitForText(/^it-works$/m);
      await browser.page.screenshot({ path: stage.screenshotPath('database_away') });
      await browser.page.reload();
      await browser.waitForBanner(/The database is away/);
      await browser.page.getByRole('button', { name: 'Hide', exact: true }).click();
      await browser.waitForNoBanner(/The database is away/);
      await browser.live();
    } finally {
      await server.stop();
    }
  },
};
