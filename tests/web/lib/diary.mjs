/**
 * What a page showed and when, noted inside the page: a look from outside comes too late for what
 * is there for a moment only, and measures itself.
 */
export class Diary {
  /** For all pages of the browser, from their next navigation on. */
  static async keepIn(context) {
    await context.addInitScript(() => {
      const diary = { links: [], banners: [], sawLogin: false };
      window.diary = diary;
      const text = (element) => element.textContent.replace(/\s+/g, ' ').trim();
      const note = (list, value) => {
        if (list.at(-1)?.value !== value) list.push({ at: Date.now(), value });
      };
      new MutationObserver(() => {
        const link = document.querySelector('.status-item.connection')?.getAttribute('data-link');
        if (link) note(diary.links, link);
        note(diary.banners, [...document.querySelectorAll('.banner')].map(text).join(' | '));
        if (document.querySelector('.login')) diary.sawLogin = true;
      }).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    });
  }

  static async of({ page }) {
    return page.evaluate(() => window.diary);
  }
}
