import { check, checkEqual, until } from '../lib/wait.mjs';

export const flows = {
  'create, rename and end a session; the list is live elsewhere': async (stage) => {
    await stage.server.newShell();
    const browser = await stage.newBrowser();
    const other = await stage.newBrowser();
    await browser.open(stage.server.base);
    await other.open(stage.server.base);
    const { page } = browser;
    await browser.live();
    const before = await browser.activeId();
    await page.getByRole('button', { name: 'Run a command' }).first().click();
    await page.getByRole('textbox', { name: 'Command' }).fill("sh -c 'echo made-by-dialog; exec cat'");
    await page.getByLabel('Directory').fill('/tmp');
    await page.getByLabel('Title').fill('made-in-a-dialog');
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await until('the new session', async () => (await browser.activeId()) !== before);
    const id = await browser.activeId();
    await browser.waitForText(/made-by-dialog/, { id });
    const session = await stage.server.api('GET', `/sessions/${id}`);
    checkEqual([session.cwd, session.title], ['/tmp', 'made-in-a-dialog'], 'the new session');
    await other.page.locator('.session', { hasText: 'made-in-a-dialog' }).waitFor();

    const row = page.locator(`.session:has([data-session="${id}"])`);
    await row.hover();
    await row.getByRole('button', { name: /^Rename/ }).click();
    await page.getByLabel('Title').fill('another name');
    await page.getByRole('button', { name: 'Rename', exact: true }).click();
    await other.page.locator('.session', { hasText: 'another name' }).waitFor();
    await page.locator('.tab', { hasText: 'another name' }).waitFor();

    await row.hover();
    await row.getByRole('button', { name: /^End/ }).click();
    await page.getByRole('dialog').getByText('asked to stop first').waitFor();
    await page.getByRole('button', { name: 'End session' }).click();
    await page.locator('.pane-notice', { hasText: 'The program has ended' }).waitFor();
    check((await browser.text(id)).includes('made-by-dialog'), 'the screen of the ended session is gone');
    await other.page.locator('.session', { hasText: 'another name' }).locator('.dot.bad, .dot.good').waitFor();
  },

  'a sandbox is chosen, described and shown': async (stage) => {
    await stage.server.newShell();
    const browser = await stage.newBrowser();
    await browser.open(stage.server.base);
    const { page } = browser;
    await browser.live();
    const before = await browser.activeId();
    await page.getByRole('button', { name: 'Run a command' }).first().click();
    const choice = page.getByLabel('Sandbox');
    await choice.waitFor();
    checkEqual(await choice.inputValue(), 'none', 'the chosen profile');
    await page.getByRole('dialog').getByText('sees and may do what').waitFor();
    await choice.selectOption('isolated');
    await page.getByRole('dialog').getByText('No network.').waitFor();
    await page.screenshot({ path: stage.screenshotPath('sandbox') });
    // AddressSanitizer cannot run below the limit of memory that `isolated` has.
    const profile = stage.server.isSanitized ? 'workspace' : 'isolated';
    await choice.selectOption(profile);
    await page.getByLabel('Directory').fill('/usr');
    await page.getByRole('textbox', { name: 'Command' }).fill("sh -c 'echo in $ROOST_SANDBOX; exec cat'");
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await until('the new session', async () => (await browser.activeId()) !== before);
    const id = await browser.activeId();
    await browser.waitForText(new RegExp(`^in ${profile}$`, 'm'), { id });
    await page.locator(`.session:has([data-session="${id}"]) .badge.sandbox`, { hasText: profile }).waitFor();
    await page.screenshot({ path: stage.screenshotPath('sandboxed') });
  },

  'a program that failed is started again under the same eyes': async (stage) => {
    await stage.server.newShell();
    const browser = await stage.newBrowser();
    await browser.open(stage.server.base);
    const { page } = browser;
    await browser.live();
    const before = await browser.activeId();
    await page.getByRole('button', { name: 'Run a command' }).first().click();
    const choice = page.getByLabel('Restart');
    checkEqual(await choice.inputValue(), 'never', 'the chosen policy');
    await choice.selectOption({ label: 'on failure' });
    await page.screenshot({ path: stage.screenshotPath('restart_choice') });
    await page.getByLabel('Title').fill('comes-back');
    // Each program says its own number, ends when a line comes, and fails.
    await page.getByLabel('Directory').fill(stage.server.dataDir);
    const program = 'echo >>programs; echo "program $(wc -l <programs)"; read -r line; exit 1';
    await page.getByRole('textbox', { name: 'Command' }).fill(`sh -c '${program}'`);
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await until('the new session', async () => (await browser.activeId()) !== before);
    const id = await browser.activeId();
    const row = page.locator(`.session:has([data-session="${id}"])`);
    await browser.waitForText(/^program 1$/m, { id });
    checkEqual(await row.locator('.restarts').count(), 0, 'restarts of a program that runs for the first time');

    await browser.type('');
    await page.locator('.status-bar .between', { hasText: /^exit 1: starts again (in \d s|now)$/ }).waitFor();
    await row.locator('.session-state', { hasText: 'starts again' }).waitFor();
    await page.screenshot({ path: stage.screenshotPath('restart_wait') });
    await page.keyboard.type('lost');
    await page.locator('.status-bar .notice', { hasText: 'No program runs at the moment' }).waitFor();
    checkEqual(await page.locator('.toast').count(), 0, 'toasts for keys between two programs');

    await browser.waitForText(/^program 2$/m, { id });
    check(/^program 1$/m.test(await browser.text(id)), 'what the first program wrote is gone');
    await row.locator('.restarts', { hasText: '1' }).waitFor();
    await page.locator('.status-bar .between').waitFor({ state: 'detached' });
    await page.screenshot({ path: stage.screenshotPath('restarted') });
    await browser.type('heard by the second one');
    await browser.waitForText(/^program 3$/m, { id });
    checkEqual(browser.sockets, 1, 'sockets of the page');
    const { restart, state } = await stage.server.api('GET', `/sessions/${id}`);
    checkEqual([restart.policy, restart.count, state], ['on-failure', 2, 'running'], 'the session');
  },

  'what is refused is said where it was asked': async (stage) => {
    const browser = await stage.newBrowser();
    await browser.open(stage.server.base);
    const { page } = browser;
    await page.getByRole('button', { name: 'Run a command' }).first().click();
    await page.getByLabel('Directory').fill('/no/such/directory');
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.getByRole('dialog').getByRole('alert').getByText(/\w/).waitFor();
    await page.getByLabel('Directory').fill('');
    await page.getByRole('textbox', { name: 'Command' }).fill('no-such-program-here');
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.getByRole('dialog').getByRole('alert').getByText(/no-such-program|command|program/i).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  },

  'the exit status is shown and the screen stays': async (stage) => {
    const browser = await stage.newShellPage();
    await browser.type('echo last-words; exit 3');
    await browser.page.locator('.pane-notice', { hasText: 'exit 3' }).waitFor();
    check(/^last-words$/m.test(await browser.text()), 'the last output is gone');
    await browser.page.screenshot({ path: stage.screenshotPath('exited') });
    await browser.page.getByRole('button', { name: 'Run again' }).click();
    await until('another session', async () => (await browser.activeId()) !== browser.sessionId);
    await browser.live();
  },

  'several sessions are tabs over one socket and come back after a reload': async (stage) => {
    const browser = await stage.newShellPage();
    const first = browser.sessionId;
    await browser.type('echo in-the-first');
    await browser.waitForText(/^in-the-first$/m);
    await browser.page.keyboard.press('Control+Shift+Enter');
    await until('the second session', async () => (await browser.activeId()) !== first);
    const second = await browser.activeId();
    await browser.live(second);
    await browser.type('echo in-the-second');
    await browser.waitForText(/^in-the-second$/m, { id: second });
    await browser.page.keyboard.press('Control+Shift+BracketLeft');
    await until('the first tab', async () => (await browser.activeId()) === first);
    await browser.type('echo again-in-the-first');
    await browser.waitForText(/^again-in-the-first$/m, { id: first });
    check(!(await browser.text(second)).includes('again'), 'typed into the wrong session');
    checkEqual(browser.sockets, 1, 'sockets of the page');
    await browser.reload();
    checkEqual(await browser.activeId(), first, 'the tab in front after a reload');
    checkEqual(await browser.page.locator('.tab').count(), 2, 'tabs after a reload');
    await browser.page.locator('.tab').nth(1).locator('.tab-open').click();
    await browser.waitForText(/^in-the-second$/m, { id: second });
    await browser.page.locator('.tab.active .tab-close').click();
    checkEqual(await browser.page.locator('.tab').count(), 1, 'tabs after closing one');
    const { state } = await stage.server.api('GET', `/sessions/${second}`);
    checkEqual(state, 'running', 'the state of a session whose tab was closed');
  },
};
