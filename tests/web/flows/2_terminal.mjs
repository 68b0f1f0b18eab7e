import { check, checkEqual, until } from '../lib/wait.mjs';

async function alternateScreen(browser, kind) {
  await until(`the ${kind} screen`, async () => {
    const { terminal, isParsed } = await browser.inspect(browser.sessionId);
    return isParsed && terminal.buffer === kind;
  });
}

export const flows = {
  'type in a real shell, reload, same screen': async (stage) => {
    const browser = await stage.newShellPage();
    await browser.type('for i in 1 2 3; do echo "row $i of grün 日本 ✓"; done');
    await browser.waitForText(/^row 3 of/m);
    await browser.page.keyboard.type('echo half-typed');
    await browser.waitForText(/half-typed$/);
    const before = await browser.inspect(browser.sessionId);
    await browser.reload();
    const after = await browser.inspect(browser.sessionId);
    checkEqual(after.screen, before.screen, 'the screen after the reload');
    checkEqual(after.cursor, before.cursor, 'the cursor after the reload');
    await browser.type('');
    await browser.waitForText(/^half-typed$/m);
  },

  'colours and attributes survive a reload': async (stage) => {
    const browser = await stage.newShellPage();
    await browser.type(
      String.raw`clear; printf '\e[31mred \e[1;44mbold-on-blue\e[0m \e[38;2;1;200;3mtrue\e[0m \e[38;5;208;4mpalette\e[0m\n'`,
    );
    await browser.waitForText(/^red bold-on-blue true palette/m);
    const expected = [
      { text: 'red ', foreground: 1, background: null, attributes: [] },
      { text: 'bold-on-blue', foreground: 1, background: 4, attributes: ['bold'] },
      { text: ' ', foreground: null, background: null, attributes: [] },
      { text: 'true', foreground: '#01c803', background: null, attributes: [] },
      { text: ' ', foreground: null, background: null, attributes: [] },
      { text: 'palette', foreground: 208, background: null, attributes: ['underline'] },
    ];
    const styled = async () => (await browser.styledRowWith('bold-on-blue'))?.slice(0, expected.length);
    checkEqual(await styled(), expected, 'live');
    await browser.reload();
    checkEqual(await styled(), expected, 'after the reload');
  },

  'vim is right after a reload': async (stage) => {
    const browser = await stage.newShellPage();
    await browser.type('file=$(mktemp); seq 1 200 > $file; echo before-vim');
    await browser.waitForText(/^before-vim/m);
    await browser.type('vim -u NONE -N $file');
    await alternateScreen(browser, 'alternate');
    await browser.page.keyboard.type('100Gztihello roost');
    await browser.waitForText(/^hello roost100/m);
    const before = await browser.inspect(browser.sessionId);
    await browser.reload();
    await alternateScreen(browser, 'alternate');
    const after = await browser.inspect(browser.sessionId);
    checkEqual(after.screen, before.screen, 'the screen of vim');
    checkEqual(after.cursor, before.cursor, 'the cursor of vim');
    await browser.focus();
    await browser.page.keyboard.type('!');
    await browser.waitForText(/^hello roost!100/m);
    await browser.page.keyboard.press('Escape');
    await browser.type(':q!');
    await alternateScreen(browser, 'normal');
    await browser.waitForText(/^before-vim/m);
    await browser.type('rm -f $file');
  },

  'less is right after a reload': async (stage) => {
    const browser = await stage.newShellPage();
    await browser.type('seq 1 1000 | less');
    await browser.waitForText(/^29$/m);
    await browser.page.keyboard.press('Space');
    await until('the second page', async () => (await browser.screen()).includes('58'));
    const before = await browser.screen();
    await browser.reload();
    checkEqual(await browser.screen(), before, 'the screen of less');
    await browser.focus();
    await browser.page.keyboard.press('Space');
    await until('the third page', async () => (await browser.screen()).includes('80'));
    await browser.page.keyboard.press('q');
    await alternateScreen(browser, 'normal');
    await browser.type('echo left-less');
    await browser.waitForText(/^left-less/m);
  },

  'htop is right after a reload': async (stage) => {
    const browser = await stage.newShellPage();
    await browser.type('HTOPRC=$(mktemp) htop'); // not with the settings of whoever runs this
    await browser.waitForText(/PID\S?\s*USER/);
    await browser.reload();
    const { terminal, screen } = await browser.inspect(browser.sessionId);
    checkEqual(terminal.buffer, 'alternate', 'the buffer of htop');
    check(screen.some((line) => /PID\S?\s*USER/.test(line)), 'htop has lost its header');
    check(/^F1Help/.test(screen.at(-1)), `htop has lost its last row: ${screen.at(-1)}`);
    await browser.focus();
    await browser.page.keyboard.press('q');
    await alternateScreen(browser, 'normal');
  },

  'the window’s size is the program’s size': async (stage) => {
    const browser = await stage.newShellPage();
    const grid = async () => (await browser.inspect(browser.sessionId)).size;
    const before = await grid();
    await browser.page.setViewportSize({ width: 900, height: 600 });
    const after = await until('a smaller grid', async () => {
      const { size, terminal } = await browser.inspect(browser.sessionId);
      return size.cols < before.cols && size.cols === terminal.cols ? size : null;
    });
    await browser.type('stty size');
    await browser.waitForText(new RegExp(`^${after.rows} ${after.cols}$`, 'm'));
  },

  'queries are answered once live, and never from a replay': async (stage) => {
    const browser = await stage.newShellPage();
    const viewer = await stage.newBrowser();
    await viewer.openSession(stage.server, browser.sessionId);
    await browser.page.bringToFront();
    await browser.focus();
    await browser.type(
      String.raw`stty -echo; printf "\e[6n\e[c"; sleep 1; IFS= read -r -t 1 -n 200 -d "" reply; stty echo; printf "\ngot %q\n" "$reply"`,
    );
    const [, reply] = await browser.waitForText(/^got (.*)$/m);
    check(/\d+;\d+R/.test(reply), `no cursor report in ${reply}`);
    checkEqual(reply.match(/\d+;\d+R/g)?.length, 1, `cursor reports in ${reply}`);
    checkEqual(reply.match(/\[\?[0-9;]*c/g)?.length, 1, `device attributes in ${reply}`);
    for (let i = 0; i < 2; i++) await browser.reload();
    await viewer.reload();
    await browser.type('echo clean');
    await browser.waitForText(/^clean$/m);
    checkEqual((await browser.text()).split('\n').at(-2), 'clean', 'something was typed into the shell');
    check(/^\$ echo clean$/m.test(await browser.text()), `the prompt is not clean:\n${await browser.text()}`);
  },

  'a flood ends at the right line and the page stays usable': async (stage) => {
    const browser = await stage.newShellPage();
    await browser.type('seq 1 3000000; echo flood-$((1+1))');
    await browser.waitForText(/^3000000\nflood-2$/m, { timeoutMs: 90_000 });
    const lines = (await browser.text()).split('\n').filter((line) => /^\d+$/.test(line)).map(Number);
    check(lines.length > 20, 'there is no scrollback');
    const gap = lines.findIndex((value, index) => index > 0 && value !== lines[index - 1] + 1);
    check(gap < 0, `the scrollback jumps from ${lines[gap - 1]} to ${lines[gap]}`);
    await browser.type('echo usable');
    await browser.waitForText(/^usable$/m);
  },
};
