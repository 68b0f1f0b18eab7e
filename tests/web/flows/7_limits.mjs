import { Diary } from '../lib/diary.mjs';
import { newTab } from '../lib/page.mjs';
import { noPings, Seat } from '../lib/seat.mjs';
import { Server } from '../lib/server.mjs';
import { check, checkEqual, stays, until } from '../lib/wait.mjs';

const tabCount = 10;
/** What the issue promises after a drain. */
const backWithinMs = 5_000;
/** How late a page may be that said a number of whole seconds, and asks before it connects. */
const afterCountdownMs = 3_000;

const fullText = /The server is full/;
const countdownText = /Trying again in (\d+) s\./;

async function withServer(settings, body) {
  const server = await Server.start({ settings });
  try {
    await body(server);
  } finally {
    Seat.leaveAll();
    await server.stop();
  }
}

/** A browser on a server of its own, with a diary, and not signed in. */
async function newGuest(stage, options) {
  const browser = await stage.newBrowser({ signIn: false, ...options });
  await Diary.keepIn(browser.context);
  return browser;
}

/** The page has said why it waits and for how long; when it is back, that must have been true. */
async function keepsItsWord(browser) {
  const diary = await Diary.of(browser);
  const said = diary.banners.find(({ value }) => countdownText.test(value));
  const seconds = Number(countdownText.exec(said.value)[1]);
  check(seconds >= 5 && seconds <= 16, `the server asks for 5 to 15 s, the page said: ${said.value}`);
  await browser.waitForLink('connected', { timeoutMs: seconds * 1000 + afterCountdownMs });
  const back = (await Diary.of(browser)).links.find(({ value }) => value === 'connected').at - said.at;
  // The number is rounded up, and half a second old at most.
  check(back >= (seconds - 1.6) * 1000, `announced ${seconds} s, but came back after ${back} ms`);
  check(!(await Diary.of(browser)).sawLogin, 'the page asked for a token');
  return `announced ${seconds} s, back after ${back} ms`;
}

async function openTabs(stage, server, count) {
  const tabs = [await newGuest(stage)];
  await tabs[0].open(server.url);
  await tabs[0].live();
  while (tabs.length < count) tabs.push(await newTab(stage, tabs[0]));
  return tabs;
}

export const flows = {
  'at the cap: the page says why and when, and comes in by itself': (stage) =>
    withServer({ 'connections.max': 3, 'connections.admin_reserve': 0, ...noPings }, async (server) => {
      await server.newShell();
      const seats = await Seat.takeMany(server, 3);
      const browser = await newGuest(stage);
      await browser.open(server.url);
      await browser.waitForBanner(fullText);
      await browser.waitForBanner(countdownText);
      await browser.page.screenshot({ path: stage.screenshotPath('limits_full') });
      seats.pop().leave();
      console.log(`        ${await keepsItsWord(browser)}`);
      await browser.waitForNoBanner(/Trying again/);
      await browser.live();
      await browser.type('echo came-in');
      await browser.waitForText(/^came-in$/m);

      // One that has been here before, with its cookie; its user does not wait.
      const second = await newTab(stage, browser);
      await second.open(server.base);
      await second.waitForBanner(fullText);
      const [, seconds] = await second.waitForBanner(countdownText);
      check(Number(seconds) >= 5, `the page tries again after ${seconds} s already`);
      seats.pop().leave();
      const clickedAt = Date.now();
      await second.page.getByRole('button', { name: 'Try now' }).click();
      await second.waitForLink('connected');
      const tookMs = Date.now() - clickedAt;
      check(tookMs < 3_000, `"Try now" took ${tookMs} ms`);
      check(!(await Diary.of(second)).sawLogin, 'the page asked for a token');
    }),

  'at the share of one address or token: turned away, and in again': async (stage) => {
    for (const limit of ['max_per_ip', 'max_per_user']) {
      await withServer({ [`connections.${limit}`]: 3, ...noPings }, async (server) => {
        await server.newShell();
        const seats = await Seat.takeMany(server, 3);
        const browser = await newGuest(stage, { viewport: { width: 420, height: 760 } });
        await browser.open(server.url);
        const [text] = await browser.waitForBanner(/The server turns this page away.*/);
        await browser.waitForBanner(countdownText);
        await browser.page.screenshot({ path: stage.screenshotPath(`limits_${limit}`) });
        seats.pop().leave();
        console.log(`        ${limit}: "${text}" ${await keepsItsWord(browser)}`);
        await browser.live();
      });
    }
  },

  'pressure: at 85 % every page shows it, at 100 % too, and it passes': (stage) =>
    withServer({ 'connections.max': 7, 'connections.admin_reserve': 0, ...noPings }, async (server) => {
      const pages = await openTabs(stage, server, 1);
      pages.push(await newTab(stage, pages[0]));
      await pages[1].open(server.base);
      await pages[1].live();
      const everyPage = (pattern) => Promise.all(pages.map((page) => page.waitForBanner(pattern)));

      const seats = await Seat.takeMany(server, 3);
      for (const page of pages) {
        await stays('5 of 7 are no pressure', 700, async () => (await page.banners()).length === 0);
      }
      seats.push(await Seat.take(server));
      const { size } = await pages[0].inspect(await pages[0].activeId());
      await everyPage(/The server is nearly full: 6 of 7 connections\./);
      await pages[0].page.screenshot({ path: stage.screenshotPath('pressure_near') });
      seats.push(await Seat.take(server));
      await everyPage(/The server is full: 7 of 7 connections\. New ones are refused\./);
      await pages[0].page.screenshot({ path: stage.screenshotPath('pressure_full') });
      await pages[1].page.getByRole('button', { name: 'Hide', exact: true }).click();
      await pages[1].waitForNoBanner(/full/);
      await pages[0].type('echo still-usable');
      await pages[0].waitForText(/^still-usable$/m);

      const leftAt = Date.now();
      Seat.leaveAll();
      await Promise.all(pages.map((page) => page.waitForNoBanner(/full/)));
      const heldMs = Date.now() - leftAt;
      checkEqual((await pages[0].inspect(await pages[0].activeId())).size, size, 'the size of the terminal');
      check(heldMs >= 4_000, `the banner went after ${heldMs} ms, before the dwell`);
      console.log(`        gone ${heldMs} ms after the others`);
    }),

  'drain: ten tabs are back within 5 s of the restarted server': async (stage) => {
    let server = await Server.start();
    try {
      const tabs = await openTabs(stage, server, tabCount);
      for (const tab of tabs.slice(1)) await tab.openSession(server, (await server.newShell()).id);
      for (const [number, tab] of tabs.entries()) {
        await tab.type(`kept=tab${number}; echo kept-by-$kept`);
        await tab.waitForText(new RegExp(`^kept-by-tab${number}$`, 'm'));
      }
      const stoppedAt = Date.now();
      checkEqual(await server.shutDown(), 0, 'exit status of the drained server');
      const stopMs = Date.now() - stoppedAt;
      for (const tab of tabs) {
        const failures = async () => (await Diary.of(tab)).links.filter(({ value }) => value === 'waiting').length;
        await until('two attempts of each tab in vain', async () => (await failures()) > 2);
        const { banners } = await Diary.of(tab);
        check(
          banners.some(({ value }) => /The server is restarting/.test(value)),
          `a tab did not say that the server restarts: ${JSON.stringify(banners)}`,
        );
      }
      await tabs[0].page.screenshot({ path: stage.screenshotPath('drain_away') });
      server = await Server.start({ listen: new URL(server.base).host, dataDir: server.dataDir });
      await Promise.all(tabs.map((tab) => tab.waitForLink('connected', { timeoutMs: 40_000 })));
      const diaries = await Promise.all(tabs.map((tab) => Diary.of(tab)));
      const late = diaries.map(({ links }) => links.at(-1).at - server.readyAt).sort((a, b) => a - b);
      console.log(`        stopped in ${stopMs} ms; back after ${late.join(', ')} ms`);
      check(late.at(-1) <= backWithinMs, `the last tab came back after ${late.at(-1)} ms`);
      for (const tab of tabs) await tab.waitForNoBanner(/./);
      await tabs[1].page.screenshot({ path: stage.screenshotPath('drain_back') });
      // The shells of before, not new ones: each knows what was set in it.
      for (const [number, tab] of tabs.entries()) {
        await tab.type('echo after-the-drain-$kept');
        await tab.waitForText(new RegExp(`^after-the-drain-tab${number}$`, 'm'));
      }
    } finally {
      await server.stop();
    }
  },

  'ten tabs of one browser: all attached, and the list is live in all': (stage) =>
    withServer({}, async (server) => {
      const tabs = await openTabs(stage, server, tabCount);
      for (const tab of tabs.slice(1)) {
        await tab.open(server.base);
        await tab.live();
      }
      const { page } = tabs[3];
      const before = await tabs[3].activeId();
      await page.getByRole('button', { name: 'New shell' }).first().click();
      await until('the new session', async () => (await tabs[3].activeId()) !== before);
      const id = await tabs[3].activeId();
      await Promise.all(tabs.map((tab) => tab.page.locator(`.session [data-session="${id}"]`).first().waitFor()));
      for (const tab of tabs.filter((other) => other !== tabs[3])) {
        await tab.page.locator(`.session [data-session="${id}"]`).first().click();
      }
      await Promise.all(tabs.map((tab) => tab.live(id)));
      await tabs[7].type('echo seen-by-ten');
      await Promise.all(tabs.map((tab) => tab.waitForText(/^seen-by-ten$/m, { id })));
      checkEqual((await server.api('GET', '/connections')).total, tabCount, 'connections of ten tabs');
    }),

  'idle: a warning, then disconnected; a key brings everything back': (stage) =>
    withServer({ 'connections.idle_timeout': '4s' }, async (server) => {
      const [browser] = await openTabs(stage, server, 1);
      await browser.type('echo before-the-pause');
      await browser.waitForText(/^before-the-pause$/m);
      const id = await browser.activeId();

      const idleText = /Nobody has typed here for a while/;
      await browser.waitForBanner(idleText);
      await browser.page.getByRole('button', { name: 'Stay connected' }).click();
      await browser.waitForNoBanner(idleText);
      await browser.waitForBanner(idleText);
      await browser.page.keyboard.type('x');
      await browser.waitForNoBanner(idleText);
      await browser.page.keyboard.press('Backspace');
      await browser.waitForBanner(idleText);
      await browser.page.screenshot({ path: stage.screenshotPath('idle_warning') });

      await browser.waitForLink('stopped');
      const { banners, links } = await Diary.of(browser);
      const warnedAt = banners[banners.findLastIndex(({ value }) => value === '') + 1].at;
      // By the page's own clock: on a busy machine the link has ended before anybody here has looked.
      const states = links.filter(({ at }) => at <= warnedAt).map(({ value }) => value);
      checkEqual(states.at(-1), 'connected', 'the link after signs of life');
      check(!states.includes('stopped'), `signs of life did not keep it: ${states}`);
      const warnedMs = links.at(-1).at - warnedAt;
      check(warnedMs < 2_000, `the warning said 1 s, and the end came after ${warnedMs} ms`);
      await browser.waitForBanner(/Disconnected after a time without input/);
      await browser.page.screenshot({ path: stage.screenshotPath('idle_ended') });
      const before = await browser.screen(id);
      await browser.focus();
      await browser.page.keyboard.press('Shift');
      checkEqual(await browser.linkState(), 'stopped', 'the link after Shift alone');
      await browser.page.keyboard.press('ArrowRight');
      await browser.waitForLink('connected');
      await browser.live(id);
      checkEqual(await browser.screen(id), before, 'the screen after the pause');
      await browser.waitForNoBanner(/./);
      await browser.type('echo after-the-pause');
      await browser.waitForText(/^after-the-pause$/m);
    }),

  'ended by an administrator: says so, and stays away until the user wants it': (stage) =>
    withServer({}, async (server) => {
      const browser = await newGuest(stage);
      await browser.open(server.url);
      await browser.live();
      const { connections } = await server.api('GET', '/connections');
      checkEqual(connections.length, 1, 'connections at the server');
      await server.api('DELETE', `/connections/${connections[0].id}`);
      await browser.waitForBanner(/The server says: closed by an administrator\./);
      await browser.page.screenshot({ path: stage.screenshotPath('ended_by_administrator') });
      await browser.page.evaluate(() => {
        for (const name of ['online', 'focus']) dispatchEvent(new Event(name));
        document.dispatchEvent(new Event('visibilitychange'));
      });
      await browser.focus();
      await browser.page.keyboard.press('ArrowRight');
      await stays('disconnected', 2_000, async () => (await browser.linkState()) === 'stopped');
      await browser.page.getByRole('button', { name: 'Reconnect' }).click();
      await browser.waitForLink('connected');
      await browser.live();
      await browser.waitForNoBanner(/./);
      await browser.type('echo back-again');
      await browser.waitForText(/^back-again$/m);
    }),
};
