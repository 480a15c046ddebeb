// Grids: live cells, keyboard, what a swap keeps. Handlers sit on the document, so what htmx swaps in needs no wiring.
// Everything here is extra: rows, order, filters, search and pages are links and forms without it.
(() => {
  "use strict";
  const BACKOFF_MAX_MS = 30000;
  const SUMS_MS = 10000; // between two drawings of groups or a pivot whose figures move
  const ANSWER_MS = 5000; // a poll that takes longer counts as lost
  const { box, grid, paint: paintTicks, rowsOf, say, words } = window.gridTicks;
  const { cellsOf } = window.gridCells;

  // --- Shift on a head: one more column in the order, then downwards, then out of it again --------------
  const withSort = (address, name) => {
    const url = new URL(address, location.href);
    const keys = (url.searchParams.get("s") || "").split(",").filter(Boolean);
    const at = keys.findIndex((key) => key.replace("-", "") === name);
    if (at < 0) keys.push(name);
    else if (keys[at] === name) keys[at] = `-${name}`;
    else keys.splice(at, 1);
    url.searchParams.set("s", keys.join());
    for (const key of ["page", "after", "before"]) url.searchParams.delete(key);
    return url.pathname + url.search.replace(/%2C/g, ",").replace(/%3A/g, ":"); // as our own links are written
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-grid] th[data-c] > a");
    if (!link || !event.shiftKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation(); // it would sort by this column alone
    const go = Object.assign(document.createElement("a"), { href: withSort(grid().dataset.url, link.parentElement.dataset.c), hidden: true });
    go.setAttribute("hx-get", go.href);
    go.setAttribute("hx-push-url", "true");
    link.parentElement.append(go);
    window.htmx.process(go);
    go.click();
  }, true);

  // --- Live: one poll for the ids on screen; only changed cells are replaced ---------------------------
  let timer = 0;
  let failures = 0;
  let answered = Date.now();
  let wantsRefreshSince = 0;
  let drawnAt = Date.now();
  let ownAct = false; // a write of this person's own: its effect is wanted at once

  // A cell without what scripts and time have done to it, so that only news counts as a change.
  const essence = (cell) => {
    const copy = cell.cloneNode(true);
    copy.querySelectorAll("time").forEach((time) => (time.textContent = ""));
    copy.querySelectorAll(".wn").forEach((sign) => sign.removeAttribute("aria-expanded"));
    copy.querySelectorAll(".card-pop").forEach((card) => (card.removeAttribute("style"), card.classList.remove("placed")));
    copy.querySelectorAll(".wnw").forEach((wrap) => wrap.classList.remove("open", "shut"));
    return { text: `${copy.textContent.replace(/\s+/g, " ")}|${copy.dataset.v || ""}`, html: copy.innerHTML };
  };
  const toCell = (html) => {
    const template = document.createElement("template");
    template.innerHTML = `<table><tbody><tr>${html}</tr></tbody></table>`;
    return template.content.querySelector("td, th");
  };
  // True if the cell shows `html` now; false if somebody reads its card and it has to wait.
  const replaceCell = (old, html) => {
    const fresh = toCell(html);
    const before = essence(old);
    const after = essence(fresh);
    if (before.html === after.html && before.text === after.text) return true;
    if (old.querySelector(".wnw.open")) return false;
    const focused = old === document.activeElement;
    const inside = !focused && old.contains(document.activeElement) ? whereIs(document.activeElement) : "";
    old.replaceWith(fresh);
    if (before.text !== after.text) {
      fresh.classList.add("flash");
      fresh.addEventListener("animationend", () => fresh.classList.remove("flash"), { once: true });
    }
    if (focused) focusCell(fresh);
    else if (inside) (grid().querySelector(inside) || fresh.querySelector("a"))?.focus({ preventScroll: true });
    return true;
  };
  // A curve is news of no moment: it changes without a flash.
  const paintCurve = (cell, svg) => {
    const old = cell?.querySelector(".spark");
    if (!old) return;
    const template = document.createElement("template");
    template.innerHTML = svg; // our own server's markup
    old.replaceWith(template.content);
  };
  const paintFeed = (root, feed) => {
    root.classList.toggle("stale", feed.stale);
    root.querySelector("[data-stale]").hidden = !feed.stale;
    root.querySelector("[data-refresh] .livedot")?.classList.toggle("off", feed.stale);
    const known = Boolean(feed.since); // a page may have been opened before the first figures ever came
    root.querySelector("[data-old]").hidden = !known;
    root.querySelector("[data-never]").hidden = known;
    const time = root.querySelector("[data-old] time");
    if (!known || !time) return;
    time.dateTime = feed.since;
    time.dataset.age = ""; // frame.js keeps its words true from here on
  };
  const paintTotals = (root, found) => {
    if (found.totals !== undefined) {
      const totals = root.querySelector("[data-totals]");
      const open = totals.querySelector("details[open]");
      totals.innerHTML = found.totals; // our own server's markup, escaped there
      if (open) totals.querySelector("details")?.setAttribute("open", "");
    }
    for (const [menu, counts] of Object.entries(found.choices || {})) {
      for (const [choice, count] of Object.entries(counts)) {
        const place = root.querySelector(`[data-menu="${menu}"] [data-choice="${choice}"] .num`);
        if (place) place.textContent = count;
      }
    }
  };
  const paintMoved = (root, n) => {
    const link = root.querySelector("[data-moved]");
    link.hidden = n === 0;
    link.textContent = words(root, "tMoved", n);
  };
  // As grids.live.revised: the checksums of rows that changed, put into their places.
  const MARK = 12; // characters of one row
  const revised = (since, count, found) => {
    const rows = since.split(".")[0].padEnd(count * MARK, "-");
    const marks = Array.from({ length: count }, (_, place) => found.marks[place] || rows.slice(place * MARK, (place + 1) * MARK));
    return `${marks.join("")}.${found.tail}`;
  };
  const take = (root, found, ids) => {
    let complete = true;
    const rowOf = (id) => root.querySelector(`tr[data-id="${CSS.escape(id)}"]`);
    const cellOf = (id, column) => rowOf(id)?.querySelector(`:scope > [data-c="${column}"]`);
    for (const [id, curves] of Object.entries(found.curves || {})) {
      for (const [column, svg] of Object.entries(curves)) paintCurve(cellOf(id, column), svg);
    }
    for (const [id, line] of Object.entries(found.rows)) {
      const row = rowOf(id);
      for (const [cell, html] of row ? cellsOf(root, row, line) : []) if (!replaceCell(cell, html)) complete = false;
    }
    for (const [id, cells] of Object.entries(found.cells || {})) {
      for (const [column, html] of Object.entries(cells)) {
        const cell = cellOf(id, column);
        if (cell && !replaceCell(cell, html)) complete = false;
      }
    }
    document.dispatchEvent(new Event("ages"));
    if (complete) root.dataset.revision = revised(root.dataset.revision, ids.length, found); // else the rest comes again
    if (found.feed) paintFeed(root, found.feed);
    paintTotals(root, found);
    paintMoved(root, found.order_changed);
    paintTicks(root);
    const gone = new Set(found.gone);
    for (const row of rowsOf(root)) row.classList.toggle("gone", gone.has(row.dataset.id)); // out when nobody is at work
    const summedAnew = found.sums_changed && Date.now() - drawnAt > SUMS_MS; // a table of sums is drawn anew, not too often
    if (found.members_changed || summedAnew) wantsRefreshSince ||= Date.now();
  };
  const refresh = (root) => {
    wantsRefreshSince = 0;
    drawnAt = Date.now();
    ownAct = false;
    return window.htmx.ajax("GET", root.dataset.url, { source: root, target: root, swap: "outerHTML" });
  };
  // Rows never move under a pointer or the keyboard's focus, nor while a menu is open: a link offers the move.
  const mayMove = (root) =>
    ownAct || (!root.querySelector("tbody:hover, tbody:focus-within, .wnw.open, details.menu[open], .side-p:focus-within, [aria-invalid]") && !popover());
  const paintUpdated = () => {
    const root = grid();
    const place = root?.querySelector("[data-updated]");
    if (place) place.textContent = words(root, "tUpdated", Math.round((Date.now() - answered) / 1000));
  };
  const paused = (root, on) => {
    const banner = root.querySelector("[data-paused]");
    if (banner) banner.hidden = !on;
    root.querySelector("[data-refresh] .livedot")?.classList.toggle("off", on || root.classList.contains("stale"));
  };
  const poll = async () => {
    clearTimeout(timer);
    const root = grid();
    if (!root) return;
    if (document.hidden) return; // the next visibilitychange polls at once
    const every = Number(root.dataset.pollMs);
    const giveUp = new AbortController();
    const alarm = setTimeout(() => giveUp.abort(), ANSWER_MS);
    try {
      const ids = rowsOf(root).map((row) => row.dataset.id);
      // The revision goes by header: with many rows it is too long for an address.
      const answer = await fetch(`${root.dataset.pollUrl}&ids=${ids.join(",")}`, {
        headers: { "HX-Request": "true", "HX-Current-URL": location.href, Accept: "application/json", "X-Since": root.dataset.revision }, signal: giveUp.signal, cache: "no-store",
      });
      const elsewhere = answer.headers.get("HX-Redirect");
      if (elsewhere) return void location.assign(elsewhere);
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const found = answer.status === 204 ? null : await answer.json();
      failures = 0;
      answered = Date.now();
      if (root.isConnected) {
        paused(root, false);
        if (found) take(root, found, ids);
      }
    } catch {
      failures += 1;
      if (root.isConnected) paused(root, true);
    } finally {
      clearTimeout(alarm);
    }
    const now = grid();
    if (now && wantsRefreshSince && !failures) {
      if (mayMove(now)) await refresh(now).catch(() => (failures += 1));
      else if (now.querySelector("[data-moved]").hidden) paintMoved(now, 1);
    }
    clearTimeout(timer);
    timer = setTimeout(poll, Math.min(every * 2 ** Math.min(failures, 5), Math.max(every, BACKOFF_MAX_MS)));
    paintUpdated();
  };
  document.addEventListener("visibilitychange", () => document.hidden || poll());
  window.addEventListener("online", () => poll());
  setInterval(() => document.hidden || paintUpdated(), 1000);

  // --- Small forms in place: a link with data-pop opens what it leads to beside itself ------------------
  let opener = null; // what to focus again: selector inside the grid
  const popover = () => document.querySelector("[data-popover]");
  const closePopover = (focusBack) => {
    popover()?.remove();
    if (focusBack && opener) grid()?.querySelector(opener)?.focus();
    opener = null;
  };
  const openPopover = async (link) => {
    closePopover(false);
    const pop = document.createElement("div");
    pop.className = "pop";
    pop.dataset.popover = "";
    pop.setAttribute("role", "dialog");
    pop.setAttribute("aria-label", link.getAttribute("aria-label") || link.textContent);
    const at = link.getBoundingClientRect();
    opener = whereIs(link);
    document.body.append(pop);
    await window.htmx.ajax("GET", link.href, { target: pop, swap: "innerHTML" });
    if (!pop.isConnected) return;
    const below = at.bottom + 4 + pop.offsetHeight <= innerHeight - 8 || at.top < pop.offsetHeight;
    pop.style.position = "fixed"; // through the object model, which the policy allows
    pop.style.insetInlineEnd = "auto";
    pop.style.left = `${Math.max(8, Math.min(at.left, innerWidth - pop.offsetWidth - 8))}px`;
    pop.style.top = `${below ? at.bottom + 4 : at.top - 4 - pop.offsetHeight}px`;
    pop.querySelector("[autofocus], button:not([disabled]), input:not([type=hidden])")?.focus();
  };
  document.addEventListener("click", (event) => {
    const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    const link = event.target.closest?.("a[data-pop]");
    if (link && plain) {
      event.preventDefault();
      openPopover(link);
    } else if (popover() && !popover().contains(event.target)) closePopover(false);
    if (event.target.closest?.("[data-retry]")) poll();
  });
  // Any room says "<slug>-changed" after a write: the popover has done its work, the news comes at once.
  const onChanged = () => {
    ownAct = true;
    closePopover(true);
    poll();
  };

  // --- Swaps keep what a person had: typed words, scroll, focus, ticks ------------------------------------
  const whereIs = (node) => {
    if (node.closest("[data-panel]") && node.name && !node.id) {
      return `[data-panel] [name="${CSS.escape(node.name)}"][value="${CSS.escape(node.value)}"]`;
    }
    if (node.matches("[data-card] summary")) return `[data-card="${node.closest("[data-card]").dataset.card}"] summary`;
    const row = node.closest("tr[data-id]");
    const cell = node.closest("[data-c]");
    if (row && cell) {
      const inner = node === cell ? "" : node.matches(".nm") ? " .nm" : node.matches(".wn") ? " .wn" : " a";
      return `tr[data-id="${CSS.escape(row.dataset.id)}"] > [data-c="${cell.dataset.c}"]${inner}`;
    }
    if (row) return `tr[data-id="${CSS.escape(row.dataset.id)}"] .ck`;
    if (cell) return `th[data-c="${cell.dataset.c}"] a`;
    const menu = node.closest("[data-menu]");
    if (menu) return `[data-menu="${menu.dataset.menu}"] summary`;
    if (node.matches("[rel]")) return `[rel="${node.rel}"]`;
    for (const mark of ["[data-tick-all]", "[data-refresh]", ".gridwrap"]) if (node.matches(mark)) return mark;
    if (node.id) return `#${CSS.escape(node.id)}`;
    return node.matches("[data-moved]") ? ".gridwrap" : "input[type=search]";
  };
  // Words that may be conditions wait for Enter; until then they are somebody's half of a sentence.
  const CONDITIONS = /[:<>=\u2264\u2265\u2260"]|\bOR\b/;
  let sent = null; // the text of the box as it was submitted: the answer knows what became of it
  document.addEventListener("htmx:confirm", (event) => {
    const by = event.detail.triggeringEvent;
    if (!event.target.matches?.("[role=search]") || !by) return;
    const text = event.target.querySelector("input[type=search]").value;
    if (by.type === "input" && CONDITIONS.test(text)) event.preventDefault();
    else sent = by.type === "submit" ? text : null;
  });
  const isText = (node) => node?.matches("[data-panel] input:not([type=checkbox], [type=radio])");
  let kept = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    const root = event.detail.target;
    if (!root?.matches?.("[data-grid]") || !event.detail.shouldSwap) return;
    const search = root.querySelector("input[type=search]");
    const active = root.contains(document.activeElement) ? document.activeElement : null;
    const scroll = root.querySelector(".gridwrap");
    kept = {
      url: root.dataset.url,
      focus: active && whereIs(active),
      cell: active?.matches("td[data-c]"),
      typed: active === search && search.value !== sent ? [search.value, search.selectionStart, search.selectionEnd] : null,
      value: isText(active) ? active.value : null,
      scroll: scroll ? [scroll.scrollTop, scroll.scrollLeft] : [0, 0],
      asked: !(event.detail.requestConfig?.elt || event.detail.elt)?.matches?.("[data-grid]"),
    };
  });
  document.addEventListener("htmx:afterSwap", () => {
    const root = grid();
    if (!root || !kept) return;
    const { url, focus, cell, typed, value, scroll, asked } = kept;
    kept = null;
    sent = null;
    paintTicks(root);
    answered = Date.now();
    paintUpdated();
    const wrap = root.querySelector(".gridwrap");
    if (wrap && url === root.dataset.url) [wrap.scrollTop, wrap.scrollLeft] = scroll;
    const search = root.querySelector("input[type=search]");
    if (typed) {
      search.value = typed[0];
      search.focus({ preventScroll: true });
      search.setSelectionRange(typed[1], typed[2]);
    } else if (focus) {
      const target = root.querySelector(focus) || wrap;
      if (cell && target?.matches("td")) focusCell(target);
      else target?.focus({ preventScroll: true });
      if (value !== null && isText(target)) target.value = value;
      if (target === search) search.setSelectionRange(Number(search.dataset.from ?? search.value.length), Number(search.dataset.to ?? search.value.length));
    }
    if (asked) say(root.querySelector("[role=alert]") ? "" :root.querySelector("caption")?.textContent || root.querySelector(".em b")?.textContent || "");
    clearTimeout(timer);
    timer = setTimeout(poll, Number(root.dataset.pollMs));
  });
  // What was typed while an answer was on its way belonged to a form that is gone: ask for it now.
  let chased = null;
  document.addEventListener("htmx:afterSettle", () => {
    const root = grid();
    const search = root?.querySelector("input[type=search]");
    if (!search || search !== document.activeElement) return;
    const typed = search.value.trim().replace(/\s+/g, " ");
    const asked = new URL(root.dataset.url, location.href).searchParams.get("q") || "";
    const again = typed !== asked && typed !== chased && !CONDITIONS.test(typed); // once for each: the server may read it otherwise
    chased = again ? typed : null;
    if (again) window.htmx.trigger(search.form, "submit");
  });

  // --- Keyboard: arrows enter the table, then move from cell to cell; Tab leaves, Escape too -------------
  const enter = (wrap) => wrap.querySelector("table").setAttribute("role", "grid");
  const leave = (wrap) => {
    wrap.querySelector("table").removeAttribute("role");
    wrap.querySelectorAll(".cell-focus").forEach((cell) => cell.classList.remove("cell-focus"));
  };
  function focusCell(cell) {
    const wrap = cell.closest(".gridwrap");
    wrap.querySelectorAll(".cell-focus").forEach((other) => {
      other.classList.remove("cell-focus");
      other.removeAttribute("tabindex");
    });
    enter(wrap);
    cell.tabIndex = -1;
    cell.classList.add("cell-focus");
    cell.focus();
  }
  const PAGE = 10; // rows a PageDown moves
  const target = (wrap, cell, event) => {
    const rows = rowsOf(wrap);
    if (!cell) return rows[0]?.cells[1];
    const row = rows.indexOf(cell.parentElement);
    const column = cell.cellIndex;
    const width = cell.parentElement.cells.length - 1;
    const clamp = (at) => rows[Math.max(0, Math.min(rows.length - 1, at))];
    const across = (at) => cell.parentElement.cells[Math.max(0, Math.min(width, at))];
    switch (event.key) {
      case "ArrowDown": return clamp(row + 1).cells[column];
      case "ArrowUp": return clamp(row - 1).cells[column];
      case "ArrowRight": return across(column + 1);
      case "ArrowLeft": return across(column - 1);
      case "PageDown": return clamp(row + PAGE).cells[column];
      case "PageUp": return clamp(row - PAGE).cells[column];
      case "Home": return event.ctrlKey ? rows[0].cells[0] : across(0);
      case "End": return event.ctrlKey ? rows.at(-1).cells[width] : across(width);
      default: return null;
    }
  };
  const act = (cell, event) => {
    if (event.key === " ") box(cell.parentElement).click();
    else (cell.querySelector("a, input") || cell.parentElement.querySelector("a.nm"))?.click();
  };
  document.addEventListener("focusout", (event) => {
    const pop = popover();
    if (pop?.contains(event.target) && event.relatedTarget && !pop.contains(event.relatedTarget)) closePopover(false);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target.matches?.(".fbar input[type=search]")) {
      event.preventDefault(); // first clears, then leaves; a browser's own Escape would only ever clear
      if (!event.target.value) return event.target.blur();
      event.target.value = "";
      event.target.dispatchEvent(new Event("input", { bubbles: true }));
      return;
    }
    if (event.key === "Escape" && popover()) {
      event.preventDefault();
      closePopover(true);
      return;
    }
    const wrap = event.target.closest?.(".gridwrap");
    if (!wrap || event.altKey || event.metaKey || event.target.closest("details.menu")) return;
    if (event.shiftKey && event.target.closest("th")) return; // moves the column, see columns.js
    const cell = event.target.closest("td");
    const inGrid = cell?.classList.contains("cell-focus") && cell === event.target;
    if (inGrid && event.key === "Escape") {
      event.preventDefault();
      leave(wrap);
      wrap.focus();
    } else if (inGrid && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      act(cell, event);
    } else if (event.key.startsWith("Arrow") || (inGrid && !event.shiftKey)) {
      const to = target(wrap, cell, event);
      if (!to) return;
      event.preventDefault();
      focusCell(to);
    }
  });
  document.addEventListener("focusout", (event) => {
    const wrap = event.target.closest?.(".gridwrap");
    if (wrap && !wrap.contains(event.relatedTarget) && wrap.isConnected) leave(wrap);
  });

  // --- Start ------------------------------------------------------------------------------------------------
  const start = () => {
    const root = grid();
    if (!root) return;
    paintTicks(root);
    paintUpdated();
    document.body.addEventListener(`${root.id.replace(/-grid$/, "")}-changed`, onChanged);
    timer = setTimeout(poll, Number(root.dataset.pollMs));
  };
  start();
})();
