import { Server } from '../lib/server.mjs';
import { check, checkEqual, until } from '../lib/wait.mjs';

const offlineMs = 10_000;

export const flows = {
  'offline for 10 s while output flows: no line missing, none doubled': async (stage) => {
    const browser = await stage.newShellPage();
    const last = 600;
    await browser.type(`for i in $(seq 1 ${last}); do echo "line-$i"; sleep 0.03; done; echo all-done`);
    await browser.waitForText(/^line-20$/m);
    await browser.context.setOffline(true);
    await until('the page to notice', async () => (await browser.linkState()) !== 'connected');
    const seen = Number((await browser.text()).match(/^line-(\d+)$/gm).at(-1).slice('line-'.length));
    await new Promise((resolve) => setTimeout(resolve, offlineMs));
    check((await browser.linkState()) !== 'connected', 'the page connected while it was offline');
    await browser.page.screenshot({ path: stage.screenshotPath('offline') });
    await browser.context.setOffline(false);
    const backAt = Date.now();
    await until('the connection', async () => (await browser.linkState()) === 'connected');
    const reconnectMs = Date.now() - backAt;
    await browser.waitForText(/^all-done$/m, { timeoutMs: 60_000 });
    const lines = (await browser.text()).match(/^line-\d+$/gm);
    const want = Array.from({ length: last }, (_, i) => `line-${i + 1}`);
    checkEqual(lines, want, `lines (the last one before the cut was ${seen})`);
    console.log(`        back after ${reconnectMs} ms`);
    await browser.type('echo typed-after');
    await browser.waitForText(/^typed-after$/m);
  },

  'typing while disconnected is said to be lost, not queued': async (stage) => {
    const browser = await stage.newShellPage();
    await browser.context.setOffline(true);
    await until('the page to notice', async () => (await browser.linkState()) !== 'connected');
    await browser.focus();
    await browser.page.keyboard.type('x');
    await browser.page.getByText('Not connected: this was not sent').waitFor();
    await browser.context.setOffline(false);
    await browser.live();
    await browser.type('echo clean');
    await browser.waitForText(/^\$ echo clean$/m);
  },

  'missing more than the history keeps: the right screen, and a word about it': async (stage) => {
    const browser = await stage.newShellPage();
    await browser.type('sleep 2; seq 1 2000000; echo missed-$((1+1))');
    await browser.context.setOffline(true);
    await until('the page to notice', async () => (await browser.linkState()) !== 'connected');
    await until(
      'the program to print more than the history keeps',
      async () => (await stage.server.api('GET', `/sessions/${browser.sessionId}`)).offset > 14_000_000,
      { timeoutMs: 60_000 },
    );
    await browser.context.setOffline(false);
    await browser.page.locator('.notice', { hasText: 'no longer kept' }).waitFor();
    await browser.waitForText(/^2000000\nmissed-2$/m);
    const lines = (await browser.text()).match(/^\d+$/gm).map(Number);
    check(lines.length > 1000, `the scrollback has only ${lines.length} lines`);
    const gap = lines.findIndex((value, index) => index > 0 && value !== lines[index - 1] + 1);
    check(gap < 0, `the scrollback jumps from ${lines[gap - 1]} to ${lines[gap]}`);
    await browser.type('echo usable');
    await browser.waitForText(/^usable$/m);
  },

  'a restarted server: the page says so and comes back by itself': async (stage) => {
    const first = await Server.start();
    const browser = await stage.newBrowser({ signIn: false });
    await browser.open(first.url);
    await browser.live();
    await browser.type('echo before-the-restart');
    await browser.waitForText(/^before-the-restart$/m);
    const id = await browser.activeId();
    await first.shutDown();
    await until('the page to notice', async () => (await browser.linkState()) !== 'connected');
    check((await browser.text(id)).includes('before-the-restart'), 'the screen is gone');
    const second = await Server.start({ listen: new URL(first.base).host, dataDir: first.dataDir });
    try {
      await until('the connection', async () => (await browser.linkState()) === 'connected', { timeoutMs: 40_000 });
      await browser.page.getByRole('button', { name: 'New shell' }).first().click();
      await until('another session', async () => (await browser.activeId()) !== id);
      await browser.live();
      await browser.type('echo after-the-restart');
      await browser.waitForText(/^after-the-restart$/m);
    } finally {
      await second.stop();
    }
  },

  'leaving the page and coming back through the history': async (stage) => {
    const browser = await stage.newShellPage();
    await browser.type('echo before-leaving');
    await browser.waitForText(/^before-leaving$/m);
    await browser.page.goto('about:blank');
    await browser.page.goBack();
    await browser.live(browser.sessionId);
    await browser.waitForText(/^before-leaving$/m);
    await browser.type('echo still-here');
    await browser.waitForText(/^still-here$/m);
  },
};
