// Columns under the hand: drag heads and lines, drop them on zones, widen them, open their menus. Each ends at a
// link that the server understands, so nothing here knows what a layout is.
(() => {
  "use strict";
  const STEP = 16; // pixels that a key widens by
  const grid = () => document.querySelector("[data-grid]");
  const wrap = () => grid()?.querySelector(".gridwrap");
  const go = (commands) => {
    const root = grid();
    const [path, query] = root.dataset.url.split("?");
    const url = `${path}?apply=columns&${new URLSearchParams(commands)}&${query}`;
    window.htmx.ajax("GET", url, { source: root, target: root, swap: "outerHTML" });
  };
  const headOf = (node) => node?.closest?.(".gridwrap thead th[data-c]");
  const heads = () => [...document.querySelectorAll(".gridwrap thead th[data-c]")];

  // --- Drag a head or a line of the panel -------------------------------------------------------------------
  let dragged = null;
  const dress = () => heads().forEach((head) => (head.draggable = true));
  const source = (node) => headOf(node)?.dataset.c || node.closest?.("[data-col]")?.dataset.col;
  const over = (node) => node.closest?.("[data-zone]") || node.closest?.(".clist [data-col]") || headOf(node);
  const mark = (node) => {
    document.querySelectorAll(".droppable").forEach((one) => one !== node && one.classList.remove("droppable"));
    node?.classList.add("droppable");
  };
  document.addEventListener("dragstart", (event) => {
    if (event.target.closest?.(".rsz")) return event.preventDefault();
    dragged = source(event.target);
    if (!dragged) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged);
  });
  document.addEventListener("dragover", (event) => {
    const node = dragged && over(event.target);
    if (!node) return;
    event.preventDefault();
    mark(node);
  });
  document.addEventListener("dragend", () => {
    dragged = null;
    mark(null);
  });
  document.addEventListener("drop", (event) => {
    const node = dragged && over(event.target);
    if (!node) return;
    event.preventDefault();
    const name = dragged;
    dragged = null;
    mark(null);
    if (node.dataset.zone) {
      const add = node.querySelector(".zadd");
      const option = [...(add?.options || [])].find((one) => one.value.split(":").pop() === name);
      if (option) go({ [add.name]: option.value });
      return;
    }
    const before = node.dataset.c || node.dataset.col;
    if (before === name) return;
    const names = heads().map((head) => head.dataset.c); // forward means behind what it was dropped on
    const at = names.indexOf(before);
    const forward = names.indexOf(name) >= 0 && names.indexOf(name) < at;
    go({ move: name, before: forward ? names[at + 1] || "" : before });
  });

  // --- Width: drag the edge of a head, or Alt with the arrows -----------------------------------------------
  const edge = (head, event) => head && event.clientX > head.getBoundingClientRect().right - 6;
  let sizing = null;
  document.addEventListener("pointermove", (event) => {
    if (sizing) {
      sizing.width = Math.max(40, sizing.from + event.clientX - sizing.at);
      sizing.head.style.width = `${sizing.width}px`; // by the object model, which the policy allows
    } else if (event.pointerType === "mouse") {
      const head = headOf(event.target);
      heads().forEach((one) => one.classList.toggle("edge", one === head && edge(head, event)));
    }
  });
  document.addEventListener("pointerdown", (event) => {
    const head = headOf(event.target);
    if (!edge(head, event) || event.button) return;
    event.preventDefault();
    head.draggable = false;
    sizing = { head, at: event.clientX, from: head.offsetWidth, width: 0 };
  });
  document.addEventListener("pointerup", () => {
    if (!sizing) return;
    const { head, width } = sizing;
    sizing = null;
    head.draggable = true;
    if (width) go({ width: `${head.dataset.c}:${Math.round(width)}` });
  });
  document.addEventListener("click", (event) => {
    if (edge(headOf(event.target), event) && event.detail) event.preventDefault(); // the end of a drag is no sort
    else if (event.target.closest?.("[data-copy-link]")) {
      navigator.clipboard.writeText(new URL(grid().dataset.url, location.href).href).then(() => {
        document.dispatchEvent(new CustomEvent("toast", { detail: { text: grid().dataset.tCopied, tone: "good" } }));
      });
    }
  }, true);

  // --- Menus of heads, and keys on them -----------------------------------------------------------------------
  const openMenu = (head) => {
    const menu = head.querySelector(".hmenu");
    if (!menu) return;
    menu.open = true;
    menu.querySelector(".mi")?.focus();
  };
  document.addEventListener("contextmenu", (event) => {
    const head = headOf(event.target);
    if (!head || event.ctrlKey) return;
    event.preventDefault();
    openMenu(head);
  });
  document.addEventListener("keydown", (event) => {
    const head = headOf(event.target);
    if (!head || event.target.closest(".pop")) return;
    const names = heads().map((one) => one.dataset.c);
    const name = head.dataset.c;
    const at = names.indexOf(name);
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.altKey && event.key === "ArrowDown") openMenu(head);
    else if (event.altKey && step) go({ width: `${name}:${Math.max(40, head.offsetWidth + step * STEP)}` });
    else if (event.shiftKey && step < 0 && at > 0) go({ move: name, before: names[at - 1] });
    else if (event.shiftKey && step > 0 && at < names.length - 1) go({ move: name, before: names[at + 2] || "" });
    else return;
    event.preventDefault();
  });
  // A menu of a sticky head must not be cut off by the table: it stands on the page.
  document.addEventListener("toggle", (event) => {
    const menu = event.target;
    if (!menu.matches?.(".hmenu") || !menu.open) return;
    document.querySelectorAll(".hmenu[open]").forEach((other) => other !== menu && (other.open = false));
    const pop = menu.querySelector(".pop");
    const box = menu.closest("th").getBoundingClientRect();
    pop.style.position = "fixed";
    pop.style.inset = "auto";
    pop.style.top = `${box.bottom + 2}px`;
    pop.style.left = `${Math.max(8, Math.min(box.right - pop.offsetWidth, innerWidth - pop.offsetWidth - 8))}px`;
  }, true);

  document.addEventListener("htmx:afterSettle", dress);
  dress();
  window.gridColumns = { go, wrap };
})();
