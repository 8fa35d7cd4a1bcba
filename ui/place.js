// A page that is loaded again returns to its tab and to where it was scrolled, unless the reader has begun already.
if (!window.youjuReturns) {
  window.youjuReturns = true;
  const tabs = () => [...document.querySelectorAll('#tabs [role=tab]')];

  addEventListener('pagehide', () => {
    const tab = tabs().findIndex((each) => each.ariaSelected === 'true');
    const scrolled = document.getElementById('scroll')?.scrollTop ?? 0;
    sessionStorage.setItem('youju-place', JSON.stringify({ tab, scrolled, down: scrollY }));
  });

  const kept = JSON.parse(sessionStorage.getItem('youju-place') ?? '{}');
  const waiting = new Set([...(kept.tab > 0 ? ['tab'] : []), ...(kept.scrolled || kept.down ? ['turns'] : [])]);
  const look = new MutationObserver(() => {
    if (waiting.has('tab') && tabs()[kept.tab]) {
      waiting.delete('tab');
      tabs()[kept.tab].click();
    }
    if (waiting.has('turns') && document.querySelector('#thread .turn')) {
      waiting.delete('turns');
      setTimeout(() => { document.getElementById('scroll').scrollTop = kept.scrolled; scrollTo(0, kept.down); }, 100);
    }
    if (!waiting.size) look.disconnect();
  });
  if (waiting.size) look.observe(document.body, { childList: true, subtree: true });
  for (const begun of ['pointerdown', 'keydown', 'wheel']) {
    addEventListener(begun, () => look.disconnect(), { once: true, capture: true });
  }
}
