// Ticked rows of a grid: kept by id for as long as the page lives, through sorting, paging and refreshing.
// They go with the form that does something with them (grids/selection.py). Without this file the boxes of
// the page are sent.
(() => {
  "use strict";
  const grid = () => document.querySelector("[data-grid]");
  const words = (root, key, n) => (root.dataset[key] || "").replace("%n", n);
  const say = (text) => {
    const region = document.querySelector("[data-announce]");
    if (region) region.textContent = text;
  };
  const rowsOf = (root) => [...root.querySelectorAll("tbody tr[data-id]")];
  // How many rows match, over all pages; the table counts its head as well. Less than none: nobody counts.
  const matching = (root) => Number(root.querySelector("table[aria-rowcount]")?.getAttribute("aria-rowcount") || 0) - 1;

  const ticked = new Map(); // id -> {currency, amount as a string, digits}
  let every = null; // instead of single ticks, all rows that match: {matching, n, but: ids that do not count}
  let lastTick = null; // id of the row ticked last, where a Shift range starts
  const box = (row) => row.querySelector(".sel .ck");
  const moneyOf = (row) => {
    const cell = row.querySelector("[data-cur]");
    return cell ? { currency: cell.dataset.cur, amount: cell.dataset.v || "0", digits: Number(cell.dataset.d) } : {};
  };
  const isOn = (row) => (every ? !every.but.has(row.dataset.id) : ticked.has(row.dataset.id));
  const count = () => (every ? every.n - every.but.size : ticked.size);
  const tick = (row, on) => {
    if (every) every.but[on ? "delete" : "add"](row.dataset.id);
    else if (on) ticked.set(row.dataset.id, moneyOf(row));
    else ticked.delete(row.dataset.id);
  };
  const { scaled, written } = window.gridCells; // money is summed in whole numbers of 10^-8
  const sums = () => {
    const found = new Map();
    for (const { currency, amount, digits } of ticked.values()) {
      if (!currency) continue;
      const before = found.get(currency) || { value: 0n, digits };
      found.set(currency, { value: before.value + scaled(amount), digits });
    }
    return [...found].sort().map(([currency, { value, digits }]) => [written(value, digits), currency]);
  };
  const said = (root) => words(root, "tSelected", count().toLocaleString("en"));
  const paint = (root) => {
    const rows = rowsOf(root);
    if (every && every.matching !== root.dataset.matching) every = null; // other rows match now
    for (const row of rows) {
      const on = isOn(row);
      if (on) tick(row, true); // its figures may be newer
      box(row).checked = on;
      if (on) row.setAttribute("aria-selected", "true");
      else row.removeAttribute("aria-selected");
    }
    const on = rows.filter(isOn).length;
    const all = root.querySelector("[data-tick-all]");
    if (all) {
      all.checked = on > 0 && on === rows.length;
      all.indeterminate = on > 0 && on < rows.length;
      all.classList.toggle("mixed", all.indeterminate);
    }
    const bar = root.querySelector("[data-selbar]");
    // The palette offers what can be done with them.
    root.dataset.ticked = (every ? rows.filter(isOn).map((row) => row.dataset.id) : [...ticked.keys()]).join();
    root.querySelectorAll("[data-needs-ticks]").forEach((button) => (button.disabled = !count()));
    bar.hidden = count() === 0;
    bar.querySelector("[data-selected]").textContent = said(root);
    const more = bar.querySelector("[data-all]");
    const n = matching(root);
    more.hidden = Boolean(every) || !root.querySelector("[data-takes-all]") || !all?.checked || n <= ticked.size;
    more.textContent = words(root, "tAll", n.toLocaleString("en"));
    bar.querySelector("[data-sums]").replaceChildren(
      ...sums().flatMap(([amount, currency], at) => {
        const code = Object.assign(document.createElement("span"), { className: "muted", textContent: currency });
        return [`${at ? "\u2002" : ""}${amount} `, code];
      }),
    );
  };
  const tickTo = (root, row, on) => {
    const rows = rowsOf(root);
    const from = rows.findIndex((other) => other.dataset.id === lastTick);
    const to = rows.indexOf(row);
    rows.slice(Math.min(from, to), Math.max(from, to) + 1).forEach((other) => tick(other, on));
  };
  // Boxes stand on this page only, what is ticked may stand on others too.
  document.addEventListener("formdata", (event) => {
    if (!event.target.matches("[data-ticked-form]")) return;
    event.formData.delete("ids");
    if (every) {
      event.formData.append("matching", every.matching);
      event.formData.append("but", [...every.but].join());
    } else event.formData.append("ids", [...ticked.keys()].join());
    event.formData.append("told", count());
  });
  let shiftHeld = false;
  document.addEventListener("click", (event) => (shiftHeld = event.shiftKey), true);
  document.addEventListener("change", (event) => {
    const root = grid();
    if (!root?.contains(event.target)) return;
    if (event.target.matches("[data-tick-all]")) rowsOf(root).forEach((row) => tick(row, event.target.checked));
    else if (event.target.matches(".sel .ck")) {
      const row = event.target.closest("tr");
      if (shiftHeld && lastTick) tickTo(root, row, event.target.checked);
      tick(row, event.target.checked);
      lastTick = row.dataset.id;
    } else return;
    paint(root);
    say(said(root));
  });
  document.addEventListener("click", (event) => {
    const root = grid();
    if (event.target.closest?.("[data-clear]")) {
      ticked.clear();
      every = null;
      paint(root);
      root.querySelector("[data-tick-all]")?.focus();
    } else if (event.target.closest?.("[data-all]")) {
      every = { matching: root.dataset.matching, n: matching(root), but: new Set() };
      ticked.clear();
      paint(root);
      say(said(root));
      root.querySelector("[data-clear]").focus();
    }
  });

  window.gridTicks = { box, grid, paint, rowsOf, say, words };
})();
