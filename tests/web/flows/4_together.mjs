import { CliAttach } from '../lib/cli_attach.mjs';
import { check, checkEqual, until } from '../lib/wait.mjs';

const trimmed = (rows) => rows.join('\n').trimEnd();

export const flows = {
  'two browsers and roost attach on one session agree': async (stage) => {
    const one = await stage.newShellPage();
    const two = await stage.newBrowser({ viewport: { width: 1000, height: 700 } });
    await two.openSession(stage.server, one.sessionId);
    const cli = await CliAttach.start(stage.server, one.sessionId, { cols: 110, rows: 35 });
    try {
      await until('the prompt in roost attach', async () => /\$/.test(trimmed(await cli.screen())), {
        describe: async () => trimmed(await cli.screen()),
      });
      await one.type('clear; echo from-one');
      await one.waitForText(/^from-one$/m);
      await two.type('echo from-two');
      await two.waitForText(/^from-two$/m);
      await cli.type(String.raw`printf 'from-\e[32mcli\e[0m grün 日本\n'`);
      for (const browser of [one, two]) await browser.waitForText(/^from-cli grün 日本$/m, { id: one.sessionId });
      await until(
        'the same screen everywhere',
        async () => {
          const screens = [await one.screen(one.sessionId), await two.screen(one.sessionId), await cli.screen()];
          return new Set(screens.map(trimmed)).size === 1;
        },
        {
          describe: async () =>
            [await one.screen(one.sessionId), await two.screen(one.sessionId), await cli.screen()]
              .map(trimmed)
              .join('\n------\n'),
        },
      );
      const [a, b] = [await one.inspect(one.sessionId), await two.inspect(one.sessionId)];
      checkEqual([b.size, b.cursor], [a.size, a.cursor], 'size and cursor of the two browsers');
      await one.page.screenshot({ path: stage.screenshotPath('together_one') });
      await two.page.screenshot({ path: stage.screenshotPath('together_two') });
    } finally {
      await cli.stop();
    }
  },

  'watching cannot type; taking over can, and the other sees it': async (stage) => {
    const holder = await stage.newShellPage();
    await until('control', async () => (await holder.role()) === 'holder');
    await stage.server.newShell(); // What a page shows at first is the newest session, and it holds that.
    const viewer = await stage.newBrowser({ viewport: { width: 1000, height: 600 } });
    await viewer.open(stage.server.base);
    await viewer.live();
    const { page } = viewer;
    const row = page.locator(`.session:has([data-session="${holder.sessionId}"])`);
    await row.hover();
    await row.getByRole('button', { name: /read-only/ }).click();
    await viewer.live(holder.sessionId);
    await until('the role', async () => (await viewer.role()) === 'viewer');
    const size = (await holder.inspect(holder.sessionId)).size;
    await viewer.focus();
    await page.keyboard.type('echo nobody-may-see-this');
    await page.keyboard.press('Enter');
    await page.locator('.notice', { hasText: 'Read-only' }).waitFor();
    await holder.type('echo from-the-holder');
    await viewer.waitForText(/^from-the-holder$/m, { id: holder.sessionId });
    for (const browser of [holder, viewer]) {
      check(!(await browser.text(holder.sessionId)).includes('nobody'), 'a read-only page typed');
    }
    checkEqual((await viewer.inspect(holder.sessionId)).size, size, 'watching changed the size');
    await page.screenshot({ path: stage.screenshotPath('watching') });

    await page.getByRole('button', { name: 'Take over' }).click();
    await until('control', async () => (await viewer.role()) === 'holder');
    await until('the other page to see it', async () => (await holder.role()) === 'shared');
    await until('the new holder’s size', async () => {
      const [a, b] = [await viewer.inspect(holder.sessionId), await holder.inspect(holder.sessionId)];
      return a.size.cols !== size.cols && JSON.stringify(a.size) === JSON.stringify(b.size);
    });
    await viewer.type('echo now-i-may');
    for (const browser of [holder, viewer]) await browser.waitForText(/^now-i-may$/m, { id: holder.sessionId });
    await holder.page.screenshot({ path: stage.screenshotPath('letterbox') });
  },
};
