// Runs once for each HTML component of ours. Answers are read and checked without it: it only makes buttons act, puts
// text on the clipboard, keeps links on this page when its address has a query, enlarges the picture of a page, and brings a
// new question, a page, or the cited place of a document that is read in full, into view.
let step = '';

const enlarge = (large) => {
  element.toggleAttribute('data-enlarged', large);
  element.querySelector('[data-action=enlarge]')?.setAttribute('aria-pressed', large);
};

const act = (button) => {
  const data = { ...button.dataset };
  step = data.step || '';
  if (data.action === 'enlarge') { enlarge(!element.hasAttribute('data-enlarged')); return; }
  if (data.action === 'copy') {
    const shown = button.textContent;
    const done = () => {
      button.textContent = data.done;
      setTimeout(() => { button.textContent = shown; }, 1500);
    };
    if (navigator.clipboard) { navigator.clipboard.writeText(data.text).then(done); return; }
    const area = document.createElement('textarea');
    area.value = data.text;
    document.body.append(area);
    area.select();
    if (document.execCommand('copy')) done();
    area.remove();
    return;
  }
  trigger('click', data);
  const folded = button.closest('details.export');
  if (!folded) return;
  folded.open = false;
  folded.querySelector('summary').focus();
};

const follow = (event, link) => {
  const place = link.getAttribute('href');
  const target = document.getElementById(place.slice(1));
  event.preventDefault();
  if (!target) return;
  if (location.hash === place) target.scrollIntoView();
  else location.hash = place;
  target.focus({ preventScroll: true });
  // Its place is in view now: the card would only cover what is read.
  const cite = link.closest('.cite');
  cite?.toggleAttribute('data-followed', true);
  cite?.addEventListener('mouseleave', () => cite.removeAttribute('data-followed'), { once: true });
};

const closeRail = () => document.getElementById('chat')?.removeAttribute('data-rail');

element.addEventListener('click', (event) => {
  closeRail();
  const button = event.target.closest('button[data-action]');
  const link = event.target.closest('a[href^="#"]');
  if (button) act(button);
  else if (link) follow(event, link);
});

// A card leaves the screen on Escape, as WCAG 1.4.13 asks of what appears on hover and focus.
element.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && document.activeElement) document.activeElement.blur();
});

// Whoever uses the keyboard goes on where he was: what turned the page is new, what opened it may have gone.
const showPage = (pages) => {
  const [picture, text] = pages.querySelectorAll('.page-pair > div');
  const mark = element.querySelector('#page-mark');
  const active = document.activeElement;
  enlarge(element.hasAttribute('data-enlarged'));
  ((!step && pages.closest('.reader')) || pages).scrollIntoView({ block: 'start' });
  if (mark && picture.offsetTop === text.offsetTop) mark.scrollIntoView({ block: 'nearest' });
  if (active !== document.body && !active.closest('#pane')) return;
  (element.querySelector(`[data-step="${step}"]`) || pages).focus({ preventScroll: true });
};

let shown = '';
const present = () => {
  const pages = element.querySelector('.pages');
  if (pages) setTimeout(showPage, 60, pages);
  element.querySelector('#reading-mark')?.scrollIntoView({ block: 'center' });
  const asked = element.querySelector('.underway');
  const id = asked ? asked.id : '';
  if (id && id !== shown) asked.scrollIntoView({ block: 'start' });
  shown = id;
};
watch('value', present);
present();  // a component that was hidden is made anew with what it shows
