// Ranges of cells: drag or Shift with arrows or a click; sums in the foot; copied as a table, with heads or
// without; a menu on each cell. Without it cells are read and copied as on any page.
(() => {
  "use strict";
  const { scaled, written } = window.gridCells;
  const root = () => document.querySelector("[data-grid]");
  const cellAt = (node) => node?.closest?.("[data-grid] tbody tr[data-id] > td[data-c]");
  const rows = () => [...root().querySelectorAll("tbody tr[data-id]")];
  const place = (cell) => ({ id: cell.parentElement.dataset.id, column: cell.dataset.c });
  let range = null; // {from, to}: places, which outlive a cell that news has replaced
  let headed = false; // whether what is copied now has heads

  const lines = () => {
    if (!range || !root()) return [];
    const all = rows();
    const at = [range.from, range.to].map(({ id }) => all.findIndex((row) => row.dataset.id === id));
    if (at.includes(-1)) return [];
    const columns = [...all[at[0]].cells].map((cell) => cell.dataset.c);
    const [left, right] = [range.from, range.to].map(({ column }) => columns.indexOf(column)).sort((a, b) => a - b);
    return all.slice(Math.min(...at), Math.max(...at) + 1).map((row) => [...row.cells].slice(Math.max(left, 0), right + 1).filter((cell) => cell.dataset.c));
  };
  const isMany = () => Boolean(range) && (range.from.id !== range.to.id || range.from.column !== range.to.column);

  // --- The foot: count, and of figures sum, mean, lowest and highest; amounts by currency --------------------
  const figures = (found) => {
    const by = new Map();
    for (const cell of found.flat()) {
      if (!cell.matches(".num") || !/^-?\d+(\.\d+)?$/.test(cell.dataset.v || "")) continue;
      const key = cell.dataset.cur || "";
      const digits = Number(cell.dataset.d ?? (cell.dataset.v.split(".")[1] || "").length);
      const one = by.get(key) || { values: [], digits: 0 };
      one.values.push(scaled(cell.dataset.v));
      one.digits = Math.max(one.digits, digits);
      by.set(key, one);
    }
    return [...by].sort();
  };
  const paint = (aloud) => {
    const grid = root();
    if (!grid) return;
    grid.querySelectorAll("td.rng").forEach((cell) => cell.classList.remove("rng"));
    const found = isMany() ? lines() : [];
    found.flat().forEach((cell) => cell.classList.add("rng"));
    const [cells, sum, mean, lowest, highest] = grid.dataset.tRange.split("|");
    const parts = found.length ? [`${found.flat().length} ${cells}`] : [];
    for (const [code, { values, digits }] of figures(found)) {
      const total = values.reduce((a, b) => a + b, 0n);
      const low = values.reduce((a, b) => (b < a ? b : a));
      const high = values.reduce((a, b) => (b > a ? b : a));
      const word = (name, value, more = 0) => `${name} ${written(value, digits + more)}`;
      const shown = [word(sum, total), word(mean, total / BigInt(values.length), 2), word(lowest, low), word(highest, high)];
      parts.push(`${code ? `${code}: ` : ""}${shown.join(" · ")}`);
    }
    const text = parts.join(" \u2003 ");
    const foot = grid.querySelector("[data-range]");
    foot.textContent = text;
    foot.hidden = !text;
    const said = document.querySelector("[data-announce]");
    if (aloud && text && said) said.textContent = text;
  };
  const choose = (from, to, aloud) => {
    range = from && { from, to };
    paint(aloud);
  };

  // --- Mouse ----------------------------------------------------------------------------------------------
  let dragging = false;
  document.addEventListener("pointerdown", (event) => {
    const cell = cellAt(event.target);
    if (!cell || event.button !== 0 || event.pointerType === "touch" || event.target.closest("a, button, input, summary, .card-pop")) {
      if (event.button === 0 && !event.target.closest?.("[data-cell-menu]")) choose(null);
      return;
    }
    if (event.shiftKey && range) {
      event.preventDefault(); // no text is marked besides
      choose(range.from, place(cell), true);
      return;
    }
    choose(place(cell), place(cell));
    dragging = true;
  });
  document.addEventListener("pointerover", (event) => {
    const cell = dragging && cellAt(event.target);
    if (!cell || !range) return;
    getSelection().removeAllRanges();
    choose(range.from, place(cell));
  });
  document.addEventListener("pointerup", () => {
    if (dragging && isMany()) paint(true);
    dragging = false;
  });

  // --- Keyboard: grid.js has moved the focus already ---------------------------------------------------------
  document.addEventListener("keydown", (event) => {
    const cell = cellAt(event.target);
    if (!cell || !event.key.startsWith("Arrow") || event.ctrlKey || event.altKey || event.metaKey) return;
    const now = cellAt(document.activeElement);
    if (!event.shiftKey || !now) choose(null);
    else choose(isMany() ? range.from : place(cell), place(now), true);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu()) shut(true);
    else if (event.key === "Escape" && isMany()) choose(null);
    else if (event.key.toLowerCase() === "c" && event.shiftKey && (event.ctrlKey || event.metaKey) && cellAt(event.target)) copy(true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }, true);

  // --- Copying: a table of tabs and one of markup; words that a spreadsheet would run get an apostrophe --------
  const RUNS = /^(?=[=+\-@\t\r\n＝＋－＠])(?![+-]?[0-9]+(\.[0-9]+)?$)/; // as grids/export/formulas.py
  const plain = (cell) => {
    const { v, cur, d } = cell.dataset;
    if (cur && v) return `${written(scaled(v), Number(d)).replace("\u2212", "-")} ${cur}`;
    // figures and names as they are; their cells hold bars, signs and notes besides
    const raw = v && cell.matches(".num, [role=rowheader]") ? v : cell.innerText;
    return raw.replace(/\s+/g, " ").trim().replace(RUNS, "'");
  };
  const head = (cell) => {
    const copy = root().querySelector(`th[data-c="${cell.dataset.c}"]`).cloneNode(true);
    copy.querySelectorAll(".sr, .pop, details").forEach((part) => part.remove());
    return copy.textContent.replace(/\s+/g, " ").trim();
  };
  const table = () => {
    const single = cellAt(document.activeElement);
    const found = isMany() ? lines() : range ? lines() : single ? [[single]] : [];
    const cells = found.map((line) => line.map(plain));
    return headed && found.length ? [found[0].map(head), ...cells] : cells;
  };
  const escaped = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  document.addEventListener("copy", (event) => {
    if (!root()?.contains(document.activeElement) || event.target.closest?.("input, textarea")) return;
    if (!headed && !getSelection().isCollapsed && !isMany()) return; // marked text is copied as text
    const cells = table();
    if (!cells.length) return;
    event.preventDefault();
    event.clipboardData.setData("text/plain", cells.map((line) => line.join("\t")).join("\n"));
    const markup = cells.map((line) => `<tr>${line.map((text) => `<td>${escaped(text)}</td>`).join("")}</tr>`).join("");
    event.clipboardData.setData("text/html", `<table>${markup}</table>`);
  });
  const copy = (withHeads) => {
    headed = withHeads;
    document.execCommand("copy"); // raises the event above, on sites without TLS too
    headed = false;
  };

  // --- A menu on each cell: right-click, Shift+F10 or the menu key ---------------------------------------------
  const menu = () => document.querySelector("[data-cell-menu]");
  let from = null;
  const shut = (back) => {
    menu()?.remove();
    if (!back || !from?.isConnected) return;
    if (from.matches("td")) {
      from.closest("table").setAttribute("role", "grid"); // as grid.js has the cell one is on
      from.classList.add("cell-focus");
    }
    from.focus();
  };
  const entry = (label, act) => {
    const made = Object.assign(document.createElement("button"), { type: "button", className: "mi", textContent: label });
    made.addEventListener("click", () => {
      shut(true);
      act();
    });
    return made;
  };
  document.addEventListener("contextmenu", (event) => {
    const cell = cellAt(event.target);
    if (!cell || event.ctrlKey || event.target.closest("a[href]")) return; // links keep the browser's own menu
    event.preventDefault();
    shut(false);
    if (!lines().flat().includes(cell)) choose(place(cell), place(cell));
    const [one, withHeads, file, open] = root().dataset.tMenu.split("|");
    const made = Object.assign(document.createElement("div"), { className: "pop" });
    made.dataset.cellMenu = "";
    made.setAttribute("role", "menu");
    const csv = root().querySelector('a[href$="format=csv"]');
    const name = cell.parentElement.querySelector("a.nm");
    made.append(entry(one, () => copy(false)), entry(withHeads, () => copy(true)));
    if (csv) made.append(entry(file, () => csv.click()));
    if (name) made.append(entry(open, () => name.click()));
    made.querySelectorAll(".mi").forEach((item) => item.setAttribute("role", "menuitem"));
    from = document.activeElement === document.body ? cell.closest(".gridwrap") : document.activeElement;
    document.body.append(made);
    const at = cell.getBoundingClientRect();
    const [x, y] = event.clientX || event.clientY ? [event.clientX, event.clientY] : [at.left, at.bottom];
    Object.assign(made.style, { position: "fixed", insetInlineEnd: "auto" }); // by the object model, which the policy allows
    made.style.left = `${Math.max(8, Math.min(x, innerWidth - made.offsetWidth - 8))}px`;
    made.style.top = `${Math.max(8, Math.min(y, innerHeight - made.offsetHeight - 8))}px`;
    made.firstChild.focus();
  });
  document.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!menu()?.contains(event.target) || !step) return;
    event.preventDefault();
    const items = [...menu().children];
    items.at((items.indexOf(event.target) + step) % items.length).focus();
  });
  document.addEventListener("pointerdown", (event) => menu() && !menu().contains(event.target) && shut(false));
  for (const news of ["ages", "htmx:afterSwap"]) document.addEventListener(news, () => range && paint(false));
})();
