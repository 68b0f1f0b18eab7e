import { until, checkEqual } from './wait.mjs';

/** The web UI as a user sees it. */
export class RoostPage {
  constructor(page) {
    this.page = page;
    this.problems = [];
    this.sockets = 0;
    page.on('pageerror', (error) => this.problems.push(`error in the page: ${error.message}`));
    page.on('console', (message) => {
      const isCsp = /Content Security Policy/i.test(message.text());
      if (isCsp) this.problems.push(message.text());
    });
    page.on('websocket', () => (this.sockets += 1));
    page.on('request', (request) => {
      const { protocol, hostname } = new URL(request.url());
      if (/^https?:$/.test(protocol) && hostname !== '127.0.0.1') this.problems.push(`fetches ${request.url()}`);
    });
  }

  async open(url) {
    await this.page.goto(url);
  }

  /** Opens one session in a page that is signed in. */
  async openSession(server, id) {
    await this.page.goto('about:blank');
    await this.page.goto(`${server.base}#session=${encodeURIComponent(id)}`);
    await this.live(id);
  }

  async activeId() {
    return until('a session in the address', () =>
      this.page.evaluate(() => new URLSearchParams(location.hash.slice(1)).get('session')),
    );
  }

  async inspect(id) {
    return this.page.evaluate((session) => window.roost?.inspect(session) ?? null, id);
  }

  /** Waits until the terminal shows live output, and has the focus. */
  async live(id) {
    id ??= await this.activeId();
    const view = await until(
      `session ${id} live`,
      async () => {
        const state = await this.inspect(id);
        return state?.phase === 'live' && state.isParsed ? state : null;
      },
      { describe: async () => JSON.stringify(await this.inspect(id)) },
    );
    await this.page.locator(`.terminal-host[data-session="${id}"] .xterm`).waitFor();
    return view;
  }

  async focus() {
    await this.page.locator('.pane:not(.hidden) .xterm-helper-textarea').focus();
  }

  /** Types a line into the terminal that is in front, as keys. */
  async type(line) {
    await this.focus();
    await this.page.keyboard.type(line);
    await this.page.keyboard.press('Enter');
  }

  async text(id) {
    id ??= await this.activeId();
    return (await this.inspect(id))?.text ?? '';
  }

  async screen(id) {
    id ??= await this.activeId();
    return (await this.inspect(id))?.screen ?? [];
  }

  async waitForText(pattern, { id, timeoutMs } = {}) {
    id ??= await this.activeId();
    const options = { describe: async () => (await this.text(id)).slice(-1500), ...(timeoutMs && { timeoutMs }) };
    return until(`${pattern} in the terminal`, async () => pattern.exec(await this.text(id)), options);
  }

  /** The row of the screen that contains `text`, with its colours. */
  async styledRowWith(text) {
    const id = await this.activeId();
    const row = (await this.screen(id)).findIndex((line) => line.includes(text));
    if (row < 0) return null;
    return this.page.evaluate(([session, index]) => window.roost.styledRow(session, index), [id, row]);
  }

  async reload() {
    await this.page.reload();
    await this.live();
  }

  async linkState() {
    return this.page.locator('.status-item.connection').getAttribute('data-link');
  }

  async waitForLink(state, options) {
    await until(`the link to be ${state}`, async () => (await this.linkState()) === state, {
      describe: async () => `${await this.linkState()}; ${JSON.stringify(await this.banners())}`,
      ...options,
    });
  }

  /** What stands above the terminal. */
  async banners() {
    return this.page.locator('.banner .grow').allInnerTexts();
  }

  /** Waits for a banner that says this, and returns the text. */
  async waitForBanner(pattern, options) {
    return until(
      `a banner with ${pattern}`,
      async () => (await this.banners()).map((text) => pattern.exec(text)).find((match) => match),
      { describe: async () => `${await this.linkState()}; ${JSON.stringify(await this.banners())}`, ...options },
    );
  }

  async waitForNoBanner(pattern, options) {
    await until(
      `no banner with ${pattern}`,
      async () => !(await this.banners()).some((text) => pattern.test(text)),
      { describe: async () => JSON.stringify(await this.banners()), ...options },
    );
  }

  async role() {
    return this.page.locator('.status-item.role').getAttribute('data-role');
  }

  async paste(text) {
    await this.focus();
    await this.page.evaluate((value) => {
      const data = new DataTransfer();
      data.setData('text/plain', value);
      const event = new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true });
      document.activeElement.dispatchEvent(event);
    }, text);
  }

  /** What no flow may leave behind: errors in the page, refused or foreign resources. */
  checkClean() {
    checkEqual(this.problems, [], 'the page had problems');
  }
}

/** Another tab in the browser of `neighbour`: the same cookies, the same limits of connections per host. */
export async function newTab(stage, neighbour) {
  const tab = new RoostPage(await neighbour.context.newPage());
  tab.context = neighbour.context;
  stage.pages.push(tab);
  return tab;
}
