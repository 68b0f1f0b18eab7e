/** Keeps the page inside what the on-screen keyboard leaves visible, as CSS variables. */
export function followVisualViewport(): void {
  const viewport = window.visualViewport;
  if (!viewport) return;
  const update = () => {
    const { style } = document.documentElement;
    style.setProperty('--visible-height', `${viewport.height}px`);
    style.setProperty('--visible-top', `${viewport.offsetTop}px`);
  };
  viewport.addEventListener('resize', update);
  viewport.addEventListener('scroll', update);
  update();
}
