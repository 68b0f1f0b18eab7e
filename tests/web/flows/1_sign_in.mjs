import { check, checkEqual, until } from '../lib/wait.mjs';

export const flows = {
  'the printed URL signs in, hides its token and shows a shell': async (stage) => {
    const browser = await stage.newBrowser({ signIn: false });
    await browser.open(stage.server.url);
    await browser.live();
    check(!browser.page.url().includes('token'), `the token is still in ${browser.page.url()}`);
    await browser.page.goBack();
    check(!browser.page.url().includes('token'), 'the token is in the history');
    await browser.page.goForward();
    await browser.live();
    await browser.type('echo $((6*7))-is-it');
    await browser.waitForText(/^42-is-it/m);
    const cookies = await browser.context.cookies();
    check(cookies.length > 0, 'there is no cookie');
    for (const cookie of cookies) {
      checkEqual([cookie.httpOnly, cookie.sameSite], [true, 'Strict'], `cookie ${cookie.name}`);
    }
  },

  'without a cookie there is a sign-in page, and a wrong token is refused': async (stage) => {
    const browser = await stage.newBrowser({ signIn: false });
    await browser.open(`${stage.server.base}#token=wrong`);
    const { page } = browser;
    await page.getByRole('alert').getByText('not valid').waitFor();
    check(!page.url().includes('token'), 'the token is still in the address');
    await page.getByLabel('Token').fill('also wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('not valid').waitFor();
    await page.getByLabel('Token').fill(stage.server.url);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('navigation', { name: 'Sessions' }).waitFor();
    await until('the connection', async () => (await browser.linkState()) === 'connected');
  },
};
