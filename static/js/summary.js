// The summary on a customer's page: the arrow keys move from cell to cell, and of a range the true ratios are
// told, made of the sums of its rows. Ranges themselves are grid-range.js.
(() => {
  "use strict";
  const box = () => document.querySelector("#summary[data-grid]");
  const table = () => box()?.querySelector("tbody");
  const go = (from, cell) => {
    if (!cell) return;
    from?.removeAttribute("tabindex");
    cell.tabIndex = -1;
    cell.focus();
  };
  document.addEventListener("keydown", (event) => {
    if (!box()?.contains(event.target) || event.ctrlKey || event.altKey || event.metaKey) return;
    const [down, right] = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[event.key] || [0, 0];
    if (!down && !right) return;
    const cell = event.target.closest("tbody td");
    if (!cell && !event.target.matches(".gridwrap")) return;
    event.preventDefault();
    if (!cell) return go(null, table().rows[0]?.cells[0]);
    const row = cell.parentElement;
    go(cell, table().rows[row.sectionRowIndex + down]?.cells[cell.cellIndex + right]);
  });

  const tell = () => {
    const found = box();
    if (!found) return;
    const rows = [...table().rows].filter((row) => row.querySelector(".rng"));
    const [calls, connected, ms] = rows.reduce((sums, row) => row.dataset.sums.split(" ").map((part, at) => sums[at] + Number(part)), [0, 0, 0]);
    const acd = connected ? Math.round(ms / connected / 1000) : 0;
    const words = { r: rows.length, a: calls ? ((connected * 100) / calls).toFixed(1) : "\u2014", d: connected ? `${Math.floor(acd / 60)}:${String(acd % 60).padStart(2, "0")}` : "\u2014" };
    found.querySelector("[data-true]").textContent = rows.length > 1 ? found.dataset.tTrue.replace(/%([rad])/g, (_, name) => words[name]) : "";
    found.querySelector("[data-range-foot]").hidden = !rows.length;
  };
  for (const news of ["pointerup", "pointerover", "keyup", "htmx:afterSwap"]) document.addEventListener(news, tell);
})();
