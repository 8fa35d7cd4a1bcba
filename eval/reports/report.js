"use strict";
(() => {
  const table = document.getElementById("questions");
  const items = [...table.tBodies];
  const search = document.getElementById("search");
  const filters = [...document.querySelectorAll("select[data-filter]")];
  const count = document.getElementById("count");
  const unfoldAll = document.getElementById("unfold");
  const texts = new Map();

  const textOf = (item) => {
    if (!texts.has(item)) texts.set(item, item.textContent.toLowerCase());
    return texts.get(item);
  };

  const fold = (item, open) => {
    item.rows[1].hidden = !open;
    item.querySelector(".unfold").setAttribute("aria-expanded", String(open));
  };

  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const item of items) {
      const fits = filters.every((select) => !select.value || item.dataset[select.dataset.filter] === select.value)
        && words.every((word) => textOf(item).includes(word));
      item.hidden = !fits;
      item.style.display = fits ? "" : "none";
      shown += fits;
    }
    count.textContent = count.dataset.of.replace("{shown}", shown).replace("{total}", items.length);
  };

  const keys = { outcome: "rank", place: "place", kind: "kind", split: "split", confidence: "confidence", seconds: "seconds" };
  const sort = (button) => {
    const heading = button.closest("th");
    const descending = heading.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.querySelectorAll("th")) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const name = button.dataset.sort;
    const value = (item) => name === "question" ? item.querySelector(".question").textContent : item.dataset[keys[name]];
    const compare = (a, b) => {
      const [x, y] = [value(a), value(b)];
      const numbers = x !== "" && y !== "" && !isNaN(x) && !isNaN(y);
      return (numbers ? x - y : String(x).localeCompare(String(y), "zh")) || a.dataset.place - b.dataset.place;
    };
    items.sort((a, b) => (descending ? compare(b, a) : compare(a, b)));
    table.append(...items);
  };

  table.addEventListener("click", (event) => {
    const sorting = event.target.closest("[data-sort]");
    if (sorting) return sort(sorting);
    const row = event.target.closest("tbody > tr:first-child");
    if (!row || String(getSelection())) return;
    fold(row.parentNode, row.parentNode.rows[1].hidden);
  });
  search.addEventListener("input", filter);
  search.form.addEventListener("submit", (event) => event.preventDefault());
  for (const select of filters) select.addEventListener("change", filter);
  const unfold = unfoldAll.textContent;
  unfoldAll.addEventListener("click", () => {
    const open = unfoldAll.textContent === unfold;
    for (const item of items) if (!item.hidden) fold(item, open);
    unfoldAll.textContent = open ? unfoldAll.dataset.fold : unfold;
  });
  const named = location.hash && document.getElementById(location.hash.slice(1));
  if (named && named.rows) fold(named, true);
  filter();
})();
