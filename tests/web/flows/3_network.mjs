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
    check(reconnectMs < 3000, `it took ${reconnectMs} ms to come back`);
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
