import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { RoostPage } from './lib/page.mjs';
import { Server } from './lib/server.mjs';

const output = new URL('./output/', import.meta.url);
const chromiumFlags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** What a flow gets: a server, and browsers whose pages are watched for errors. */
class Stage {
  constructor(server, browser) {
    this.server = server;
    this.browser = browser;
    this.contexts = [];
    this.pages = [];
  }

  /** A browser of its own (cookies, storage); signed in unless told otherwise. */
  async newBrowser({ signIn = true, ...options } = {}) {
    const context = await this.browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    this.contexts.push(context);
    const page = new RoostPage(await context.newPage());
    page.context = context;
    this.pages.push(page);
    if (signIn) {
      const response = await context.request.post(new URL('/login', this.server.base).href, {
        data: { token: this.server.token },
        headers: { origin: new URL(this.server.base).origin },
      });
      if (!response.ok()) throw new Error(`POST /login: ${response.status()} ${await response.text()}`);
    }
    return page;
  }

  /** A new shell, open in a browser of its own. */
  async newShellPage(options) {
    const page = await this.newBrowser(options);
    const session = await this.server.newShell();
    await page.openSession(this.server, session.id);
    page.sessionId = session.id;
    return page;
  }

  screenshotPath(name) {
    return new URL(`${name}.png`, output).pathname;
  }

  async close() {
    for (const context of this.contexts) await context.close();
  }
}

async function runFlow(server, browser, name, flow) {
  const stage = new Stage(server, browser);
  const startedAt = Date.now();
  try {
    await flow(stage);
    for (const page of stage.pages) page.checkClean();
    console.log(`ok      ${name} (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`);
    return true;
  } catch (error) {
    console.log(`FAILED  ${name}\n        ${String(error.stack ?? error).replaceAll('\n', '\n        ')}`);
    const slug = name.replace(/\W+/g, '_');
    for (const [index, { page }] of stage.pages.entries()) {
      await page.screenshot({ path: stage.screenshotPath(`failed_${slug}_${index}`) }).catch(() => undefined);
    }
    return false;
  } finally {
    await stage.close();
  }
}

mkdirSync(output, { recursive: true });
const wanted = process.argv.slice(2);
const flows = [];
for (const file of readdirSync(new URL('./flows/', import.meta.url)).sort()) {
  const { flows: more } = await import(new URL(`./flows/${file}`, import.meta.url));
  flows.push(...Object.entries(more));
}
const selected = flows.filter(([name]) => wanted.length === 0 || wanted.some((part) => name.includes(part)));

const server = await Server.start();
let passed = 0;
try {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: chromiumFlags,
  });
  for (const [name, flow] of selected) {
    if (await runFlow(server, browser, name, flow)) passed += 1;
  }
  await browser.close();
} finally {
  await server.stop();
  writeFileSync(new URL('roostd.log', output), server.log);
}
const failed = selected.length - passed;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
