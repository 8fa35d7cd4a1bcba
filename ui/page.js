// Runs once for each HTML component of ours. Answers are read and checked without it: it only makes buttons act, puts
// text on the clipboard, keeps links on this page when its address has a query, enlarges the picture of a page, puts a
// number's card at that number, and brings a new question, its first citation, a page, or the cited place of a document
// that is read in full, into view.
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
  document.querySelector('#pane [data-latest]')?.removeAttribute('data-latest');
  document.getElementById('chat')?.toggleAttribute('data-sheet', !!target.closest('#evidence'));
  if (location.hash === place) target.scrollIntoView();
  else location.hash = place;
  target.focus({ preventScroll: true });
  // Its place is in view now: the card would only cover what is read (layers.js brings it back).
  link.closest('.cite')?.setAttribute('data-closed', '');
};

element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-action]');
  const link = event.target.closest('a[href^="#"]');
  if (button) act(button);
  else if (link) follow(event, link);
});

// A card stands at its number, within the column, and above the line where there is no room below it.
const placeCard = (event) => {
  const number = event.target.closest?.('.cite .number');
  const card = number?.parentElement.querySelector('.card');
  if (!card || card.contains(event.relatedTarget)) return;
  card.style.left = card.style.top = '';
  const column = card.offsetParent;
  if (!column) return;
  const at = number.getBoundingClientRect(), around = column.getBoundingClientRect();
  const height = card.offsetHeight, bottom = document.getElementById('composer')?.getBoundingClientRect().top;
  const above = at.bottom + height > bottom && at.top > height + 60;
  const room = Math.max(0, column.clientWidth - card.offsetWidth);
  card.style.left = `${Math.min(room, Math.max(0, at.left - around.left - 16))}px`;
  card.style.top = `${(above ? at.top - height - 6 : at.bottom + 6) - around.top}px`;
};
element.addEventListener('mouseover', placeCard);
element.addEventListener('focusin', placeCard);

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

// The sources of an answer that has just come begin with its first citation; what was followed before gives way. A page
// that was loaded again shows the place in its address.
let cited = '';
const presentCitation = (sources) => {
  const before = cited, first = sources.querySelector('mark[id$="-1"]');
  cited = first ? first.id : sources.id;
  if (cited === before) return;
  const followed = location.hash && document.getElementById(location.hash.slice(1));
  const active = document.activeElement;
  if (!before && followed && element.contains(followed)) {
    location.replace(location.hash);
    if (active !== document.body) active.focus({ preventScroll: true });
    return;
  }
  if (followed && !followed.closest('#thread')) history.replaceState(history.state, '', location.pathname + location.search);
  element.setAttribute('data-latest', '');
  const column = document.getElementById('evidence');
  const from = first && first.getBoundingClientRect().top - column.getBoundingClientRect().top - column.clientHeight / 3;
  column.scrollTo({ top: first ? column.scrollTop + from : 0, behavior: 'instant' });
};

// What stood in each place of a list stays there where an empty element with its digest comes in its place (sent_parts.py).
const list = element.closest('#thread, #pane');
const fill = () => {
  const kept = (window.youjuHeld ??= {});
  const held = kept[list.id] ?? [];
  const parts = [...element.querySelectorAll('[data-part], [data-held]')];
  const isLost = parts.some(({ dataset }, place) => dataset.held && dataset.held !== held[place]?.digest);
  if (isLost) { trigger('click', { action: 'again' }); return; }
  parts.forEach((part, place) => {
    if (!part.dataset.held) return;
    part.removeAttribute('data-held');
    for (const [name, value] of held[place].attributes) part.setAttribute(name, value);
    part.replaceChildren(...held[place].nodes);
  });
  kept[list.id] = parts.map((part) => ({
    digest: part.dataset.part,
    attributes: [...part.attributes].map(({ name, value }) => [name, value]),
    nodes: [...part.childNodes],
  }));
};

// What watches the value may be called before what it shows is there; whoever watches that is not.
if (list) {
  new MutationObserver(fill).observe(element, { childList: true, subtree: true, attributeFilter: ['data-held', 'data-part'] });
  fill();
}

let shown = '';
const present = () => {
  const sources = element.closest('#pane') && [...element.querySelectorAll('.sources')].at(-1);
  if (sources) setTimeout(presentCitation, 60, sources);
  const pages = element.querySelector('.pages');
  if (pages) setTimeout(showPage, 60, pages);
  setTimeout(() => element.querySelector('#reading-mark')?.scrollIntoView({ block: 'center' }), 60);
  const asked = element.querySelector('.underway');
  const id = asked ? asked.id : '';
  if (id && id !== shown) asked.scrollIntoView({ block: 'start' });
  shown = id;
};
watch('value', present);
present();
