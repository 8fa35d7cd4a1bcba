// What lies over the page, put away as everybody expects: the list of conversations, the sheet of sources on a phone and
// a number's card by Escape, the first two by a click or tap outside as well. Who used the keyboard is led back.
if (!window.youjuPutsAway) {
  window.youjuPutsAway = true;
  const chat = () => document.getElementById('chat');

  const put = (name) => {
    if (!chat()?.hasAttribute(name)) return false;
    chat().removeAttribute(name);
    return true;
  };

  document.addEventListener('pointerdown', (event) => {
    if (!event.target.closest('#rail, #open-rail')) put('data-rail');
    if (!event.target.closest('#evidence, #open-sources, .cite, .chips, .nearest')) put('data-sheet');
  });

  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    const focused = document.activeElement?.closest('.cite');
    focused?.querySelector('.number').focus();
    for (const cite of [focused, document.querySelector('.cite:hover')]) cite?.setAttribute('data-closed', '');
    if (put('data-rail')) document.getElementById('open-rail').focus();
    if (put('data-sheet')) document.getElementById('open-sources').focus();
  });

  // A card that was put away comes back to who comes to its number anew. That the pointer leaves tells nothing: it does so by
  // itself when the card under it goes, and the number may still have the focus.
  document.addEventListener('mouseenter', ({ target }) => target.removeAttribute?.('data-closed'), { capture: true });
  document.addEventListener('focusin', ({ target }) => target.closest('.cite')?.removeAttribute('data-closed'));
}
