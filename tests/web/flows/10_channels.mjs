import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { newTab } from '../lib/page.mjs';
import { Server } from '../lib/server.mjs';
import { check, checkEqual, until } from '../lib/wait.mjs';

/** Answers each request; while the file that it is told of exists, it takes them and says nothing. */
const helperProgram = `import json
import os
import sys

hang = sys.argv[1]
for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message or os.path.exists(hang):
        continue
    answer = {"jsonrpc": "2.0", "id": message["id"], "result": {"method": message["method"], "pid": os.getpid()}}
    sys.stdout.write(json.dumps(answer) + "\\n")
    sys.stdout.flush()
`;

/** A server with a channel that is always well, and one whose helper can be made to hang and to heal. */
class Wiring {
  static async lay() {
    const wiring = new Wiring();
    wiring.folder = mkdtempSync(path.join(tmpdir(), 'roost-web-channels-'));
    const helper = path.join(wiring.folder, 'helper.py');
    wiring.hangFile = path.join(wiring.folder, 'hang');
    writeFileSync(helper, helperProgram);
    const transport = (file) => `{kind: stdio, command: [/usr/bin/env, python3, ${helper}, ${file}]}`;
    const config = `channels:
  steady:
    transport: ${transport(path.join(wiring.folder, 'never'))}
    timeout: 10s
  shaky:
    transport: ${transport(wiring.hangFile)}
    timeout: 300ms
    fallback: {decision: ask}
    breaker: {window: 10s, min_calls: 10, consecutive: 3, open: 4s..5s, half_open_successes: 2}
`;
    wiring.server = await Server.start({ config });
    await until('both helpers to answer', async () => {
      const answers = await Promise.all(['steady', 'shaky'].map((name) => wiring.call(name)));
      return answers.every(({ status, body }) => status === 200 && body.degraded === false);
    });
    return wiring;
  }

  async remove() {
    await this.server?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  hang() {
    writeFileSync(this.hangFile, '');
  }

  heal() {
    rmSync(this.hangFile, { force: true });
  }

  async call(name) {
    const response = await fetch(new URL(`/api/v1/channels/${name}/call`, this.server.base), {
      method: 'POST',
      headers: { authorization: `Bearer ${this.server.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ method: 'ask', params: {} }),
    });
    return { status: response.status, body: await response.json() };
  }

  async channel(name) {
    return this.server.api('GET', `/channels/${name}`);
  }

  /** The helper hangs, and calls time out until the breaker has had enough. */
  async trip(name) {
    this.hang();
    return until(
      `${name} to open`,
      async () => {
        await this.call(name);
        const channel = await this.channel(name);
        return channel.state === 'open' && channel;
      },
      { describe: async () => JSON.stringify(await this.channel(name)) },
    );
  }

  async callsUntil(name, state) {
    return until(
      `${name} to be ${state}`,
      async () => {
        await this.call(name);
        return (await this.channel(name)).state === state;
      },
      { timeoutMs: 40_000, describe: async () => JSON.stringify(await this.channel(name)) },
    );
  }
}

async function withWiring(body) {
  const wiring = await Wiring.lay();
  try {
    await body(wiring);
  } finally {
    await wiring.remove();
  }
}

async function newGuest(stage, wiring, options) {
  const browser = await stage.newBrowser({ signIn: false, ...options });
  await browser.open(wiring.server.url);
  await browser.live();
  return browser;
}

const entry = (page) => page.getByRole('button', { name: /^Channels/ });
const badge = (page) => page.locator('.channels-trouble');
const card = (page, name) => page.locator(`.channel[data-channel="${name}"]`);
const inState = (page, name, state) => page.locator(`.channel[data-channel="${name}"][data-state="${state}"]`);
const figure = (page, name, term) =>
  card(page, name).locator('.facts > div', { hasText: term }).locator('dd').first();

/** Fills in the form of a button, and sends it. */
async function hold(page, name, { button, reason, time }) {
  const place = card(page, name);
  await place.getByRole('button', { name: button, exact: true }).first().click();
  const form = place.locator('form');
  const why = form.getByLabel('Why');
  await until('the field to have the focus', () => why.evaluate((field) => field === document.activeElement));
  await page.keyboard.type(reason);
  await form.getByLabel('For how long').selectOption({ label: time });
  await form.getByRole('button', { name: button, exact: true }).click();
  await form.waitFor({ state: 'detached' });
}

export const flows = {
  'a channel opens, is seen to be open, and closes again when its helper has healed': (stage) =>
    withWiring(async (wiring) => {
      const browser = await newGuest(stage, wiring, { viewport: { width: 1280, height: 1000 } });
      const { page } = browser;
      await entry(page).waitFor();
      checkEqual(await badge(page).count(), 0, 'badges while all is well');

      // Nobody looks at the channels: the event alone brings the badge.
      const { transport } = await wiring.trip('shaky');
      await badge(page).getByText('1 open', { exact: true }).waitFor();
      checkEqual(await badge(page).getAttribute('title'), 'shaky is open', 'what the badge says');
      // One that comes later is told by the list.
      const second = await newTab(stage, browser);
      await second.open(wiring.server.base);
      await badge(second.page).getByText('1 open', { exact: true }).waitFor();

      await page.keyboard.press('Control+Shift+B');
      await page.getByRole('dialog', { name: 'Channels' }).waitFor();
      const names = await page.locator('.channel h3').allInnerTexts();
      checkEqual(names, ['shaky', 'steady'], 'the channels, by name');
      await inState(page, 'steady', 'closed').getByText('Fine: calls go through.').waitFor();
      checkEqual(await card(page, 'steady').locator('.channel-state').innerText(), 'closed', 'the state in words');
      check(/^program, running, pid \d+$/.test(await figure(page, 'steady', 'Helper').innerText()), 'the helper of steady');

      // While the helper hangs each try fails, and the countdown begins anew.
      const text = card(page, 'shaky').locator('.channel-text');
      const seconds = async () => Number(/Next try in (\d+) s\./.exec(await text.innerText())?.[1] ?? 0);
      let latest = 0;
      await until(
        'the countdown to go down',
        async () => {
          await wiring.call('shaky');
          const before = latest;
          latest = await seconds();
          return latest > 0 && latest < before;
        },
        { describe: () => text.innerText() },
      );
      check(/^Failing: calls get the fallback\./.test(await text.innerText()), await text.innerText());
      await page.screenshot({ path: stage.screenshotPath('channels_open') });
      const newest = card(page, 'shaky').locator('.transitions li').first();
      await until('the opening in the timeline', async () => /(closed|half-open) → open/.test(await newest.innerText()), {
        describe: () => newest.innerText(),
      });
      await until('the calls that timed out', async () => Number(await figure(page, 'shaky', 'By the fallback').innerText()) >= 3, {
        describe: () => card(page, 'shaky').innerText(),
      });
      check(transport.starts >= 1, `the helper was started ${transport.starts} times`);

      wiring.heal();
      await wiring.callsUntil('shaky', 'closed');
      await inState(page, 'shaky', 'closed').waitFor();
      await until('the way back in the timeline', async () => /half-open → closed/.test(await newest.innerText()), {
        describe: () => newest.innerText(),
      });
      await page.screenshot({ path: stage.screenshotPath('channels_closed') });
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      for (const tab of [page, second.page]) await badge(tab).waitFor({ state: 'detached' });
      await browser.type('echo still-typing');
      await browser.waitForText(/^still-typing$/m);
    }),

  'an administrator holds a channel open, and leaves it to itself again': (stage) =>
    withWiring(async (wiring) => {
      const { page } = await newGuest(stage, wiring, { viewport: { width: 1280, height: 1000 } });
      await entry(page).click();
      await inState(page, 'steady', 'closed').waitFor();

      // Escape takes the form and not the dialog, and the focus back to its button.
      const place = card(page, 'steady');
      await place.getByRole('button', { name: 'Disable', exact: true }).click();
      await place.locator('form').waitFor();
      await page.keyboard.press('Escape');
      await place.locator('form').waitFor({ state: 'detached' });
      await until('the focus on the button', () => page.evaluate(() => document.activeElement.textContent === 'Disable'));
      checkEqual(await page.getByRole('dialog').count(), 1, 'dialogs after Escape in the form');
      // Without a reason nothing is sent.
      await place.getByRole('button', { name: 'Hold open', exact: true }).click();
      await place.locator('form').getByRole('button', { name: 'Hold open', exact: true }).click();
      check(await place.getByLabel('Why').evaluate((field) => !field.validity.valid), 'a reason is not asked for');
      checkEqual((await wiring.channel('steady')).state, 'closed', 'the state without a reason');
      await place.locator('form').getByRole('button', { name: 'Cancel', exact: true }).click();

      await hold(page, 'steady', { button: 'Hold open', reason: 'its disk is being replaced', time: '5 minutes' });
      await inState(page, 'steady', 'forced-open').waitFor();
      const { override } = await wiring.channel('steady');
      checkEqual(override.reason, 'its disk is being replaced', 'the reason at the server');
      const leftMs = Date.parse(override.expires_at) - Date.now();
      check(leftMs > 240_000 && leftMs <= 301_000, `it lasts for ${leftMs} ms`);
      const { status, body } = await wiring.call('steady');
      checkEqual([status, body.reason], [503, 'rejected'], 'a call while it is held open');
      const said = await place.locator('.channel-override').innerText();
      check(said.startsWith(`Set by ${override.who} until `) && said.includes('“its disk is being replaced”'), said);
      check(/\((4 min \d+ s|5 min) left\)/.test(said), said);
      await badge(page).getByText('1 open', { exact: true }).waitFor({ state: 'attached' });
      await place.locator('.transitions').getByText('set by hand').first().waitFor();
      await page.screenshot({ path: stage.screenshotPath('channels_held') });

      await place.getByRole('button', { name: 'Back to automatic', exact: true }).click();
      await inState(page, 'steady', 'closed').waitFor();
      await place.locator('.channel-override').waitFor({ state: 'detached' });
      checkEqual((await wiring.channel('steady')).override, null, 'the override at the server');
      checkEqual((await wiring.call('steady')).status, 200, 'a call after that');

      for (const [button, state] of [
        ['Metrics only', 'metrics-only'],
        ['Disable', 'disabled'],
      ]) {
        await hold(page, 'steady', { button, reason: 'to see', time: 'until it is cleared' });
        await inState(page, 'steady', state).waitFor();
        checkEqual((await wiring.channel('steady')).override.expires_at, null, `the end of ${state}`);
        check((await place.locator('.channel-override').innerText()).includes('until it is cleared'), state);
        checkEqual((await wiring.call('steady')).status, 200, `a call while it is ${state}`);
      }
      await place.getByRole('button', { name: 'Back to automatic', exact: true }).click();
      await inState(page, 'steady', 'closed').waitFor();
    }),

  'who is no administrator learns it, and has no buttons then': (stage) =>
    withWiring(async (wiring) => {
      const { token } = await wiring.server.api('POST', '/tokens', { role: 'operator', label: 'no-admin' });
      const browser = await stage.newBrowser({ signIn: false });
      const { page } = browser;
      await browser.open(`${wiring.server.base}#token=${token}`);
      await entry(page).click();
      const place = card(page, 'steady');
      await place.getByRole('button', { name: 'Disable', exact: true }).click();
      await place.getByLabel('Why').fill('I may not');
      await place.locator('form').getByRole('button', { name: 'Disable', exact: true }).click();
      await place.getByRole('alert').getByText(/^Only an administrator sets a channel by hand\./).waitFor();
      checkEqual(await page.locator('.channel-buttons').count(), 0, 'buttons after the refusal');
      checkEqual((await wiring.channel('steady')).state, 'closed', 'the state after the refusal');
    }),

  'on a phone the channels have the whole screen': (stage) =>
    withWiring(async (wiring) => {
      await wiring.trip('shaky');
      const { page } = await newGuest(stage, wiring, {
        viewport: { width: 390, height: 780 },
        deviceScaleFactor: 2,
        hasTouch: true,
        isMobile: true,
      });
      const fits = async (what) => {
        const seen = await page.evaluate(() => {
          const dialog = document.querySelector('dialog');
          const list = dialog.querySelector('.channels');
          return [dialog.clientWidth, dialog.scrollWidth - dialog.clientWidth, list.scrollWidth - list.clientWidth];
        });
        checkEqual(seen, [390, 0, 0], `width and overflow of ${what}`);
        await page.screenshot({ path: stage.screenshotPath(`phone_${what}`) });
      };
      await page.locator('.trouble-dot').waitFor(); // The badge is in the drawer.
      await page.getByRole('button', { name: 'Show or hide the list' }).tap();
      await badge(page).waitFor();
      await entry(page).tap();
      await inState(page, 'shaky', 'open').or(inState(page, 'shaky', 'half-open')).waitFor();
      await fits('channels');
      const place = card(page, 'shaky');
      await place.getByRole('button', { name: 'Hold open', exact: true }).tap();
      await place.getByLabel('Why').fill('a reason that is long enough to need more than one line on a phone');
      await place.locator('form').scrollIntoViewIfNeeded();
      await fits('channels_form');
      await place.locator('form').getByRole('button', { name: 'Hold open', exact: true }).tap();
      await inState(page, 'shaky', 'forced-open').waitFor();
      await place.locator('.channel-override').scrollIntoViewIfNeeded();
      await fits('channels_held');
      await page.getByRole('button', { name: 'Close', exact: true }).tap();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }),

  'without channels the page says how to add one': async (stage) => {
    const browser = await stage.newBrowser();
    const { page } = browser;
    await browser.open(stage.server.base);
    await entry(page).click();
    const dialog = page.getByRole('dialog', { name: 'Channels' });
    await dialog.getByText('docs/guides/channels.md').waitFor();
    check((await dialog.locator('pre').innerText()).startsWith('channels:\n'), 'the example');
    checkEqual(await page.locator('.channel').count(), 0, 'channels of a server without any');
    await page.screenshot({ path: stage.screenshotPath('channels_none') });
  },
};
