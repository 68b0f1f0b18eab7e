import { check, checkEqual, until } from '../lib/wait.mjs';

export const flows = {
  'several lines are pasted after a warning only, and as one paste': async (stage) => {
    const browser = await stage.newShellPage();
    const { page } = browser;
    await browser.paste('echo single-line');
    await browser.waitForText(/^\$ echo single-line$/m);
    await page.keyboard.press('Control+u');
    await browser.paste('echo first\necho second\n');
    await page.getByRole('dialog').getByText('Paste 3 lines?').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    check(!(await browser.text()).includes('second'), 'pasted although it was cancelled');
    await browser.paste('echo first\necho second\n');
    await page.getByRole('button', { name: 'Paste', exact: true }).click();
    await browser.waitForText(/echo second$/m); // a key before that may still be the dialog's
    await page.keyboard.press('Enter');
    await browser.waitForText(/^second$/m);
  },

  'a program writes the clipboard only with consent': async (stage) => {
    const browser = await stage.newShellPage({ permissions: ['clipboard-read', 'clipboard-write'] });
    const { page } = browser;
    const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
    const write = (text) =>
      browser.type(String.raw`printf '\e]52;c;${Buffer.from(text).toString('base64')}\a'; echo asked`);
    await page.evaluate(() => navigator.clipboard.writeText('mine'));
    await write('not allowed');
    await page.locator('.banner', { hasText: 'clipboard' }).waitFor();
    checkEqual(await clipboard(), 'mine', 'the clipboard before an answer');
    await page.getByRole('button', { name: 'Always for this session' }).click();
    await until('the first text', async () => (await clipboard()) === 'not allowed');
    await write('allowed now');
    await until('the second text', async () => (await clipboard()) === 'allowed now');
    await page.evaluate(() => navigator.clipboard.writeText('mine again'));
    await browser.reload();
    checkEqual(await clipboard(), 'mine again', 'the clipboard after a replay');
    await browser.type(String.raw`printf '\e]52;c;?\a'; sleep 0.3; echo read-nothing`);
    await browser.waitForText(/^read-nothing$/m);
    check(!(await browser.text()).includes('bWluZSBhZ2Fpbg'), 'a program has read the clipboard');
  },

  'search finds in the scrollback': async (stage) => {
    const browser = await stage.newShellPage();
    const { page } = browser;
    await browser.type('clear; seq -f "item-%04g" 1 300');
    await browser.waitForText(/^item-0300$/m);
    await page.keyboard.press('Control+Shift+F');
    await page.getByRole('textbox', { name: 'Search in the terminal' }).fill('item-0042');
    await page.locator('.search-count', { hasText: '1 of 1' }).waitFor();
    await page.getByRole('textbox', { name: 'Search in the terminal' }).fill('no-such-thing');
    await page.locator('.search-count', { hasText: 'none' }).waitFor();
    await page.keyboard.press('Escape');
    await browser.page.keyboard.type('echo focus-is-back');
    await browser.waitForText(/echo focus-is-back/);
  },

  'the theme follows the system and the settings': async (stage) => {
    const browser = await stage.newShellPage({ colorScheme: 'dark' });
    const { page } = browser;
    const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
    checkEqual(await theme(), 'dark', 'the theme');
    await page.emulateMedia({ colorScheme: 'light' });
    await until('the light theme', async () => (await theme()) === 'light');
    await page.getByRole('button', { name: 'Settings and keys' }).click();
    await page.getByText('Dark', { exact: true }).click();
    checkEqual(await theme(), 'dark', 'the chosen theme');
    await page.getByRole('button', { name: 'Done' }).click();
    await browser.reload();
    checkEqual(await theme(), 'dark', 'the theme after a reload');
    await browser.type('echo typed');
    await browser.waitForText(/^typed$/m);
  },

  'on a phone there is a key bar, a drawer and no overflow': async (stage) => {
    const browser = await stage.newShellPage({
      viewport: { width: 390, height: 780 },
      deviceScaleFactor: 2,
      hasTouch: true,
      isMobile: true,
    });
    const { page } = browser;
    await browser.type('cat');
    await browser.page.keyboard.type('will be interrupted');
    await page.getByRole('button', { name: 'Ctrl', exact: true }).tap();
    await browser.page.keyboard.type('c');
    await browser.waitForText(/\^C/);
    await browser.type('echo on-the-phone');
    await browser.waitForText(/^on-the-phone$/m);
    await page.getByRole('button', { name: '↑', exact: true }).tap();
    await browser.waitForText(/\$ echo on-the-phone$/);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    checkEqual(overflow, 0, 'horizontal overflow in pixels');
    await page.screenshot({ path: stage.screenshotPath('phone') });
    await page.getByRole('button', { name: 'Show or hide the list' }).tap();
    const drawer = page.getByRole('navigation', { name: 'Sessions' });
    await until('the drawer', async () => (await drawer.boundingBox())?.x === 0);
    await page.screenshot({ path: stage.screenshotPath('phone_list') });
  },
};
