// The preview of an upload: a right-click, or the menu key on what has the focus, offers what the buttons and
// choices on the page do as well.
(() => {
  "use strict";
  let row = null; // of the cell that was clicked
  let column = null;
  let from = null; // what had the focus, which gets it back
  const menu = () => document.getElementById("upload-menu");
  const items = () => [...menu().querySelectorAll(".mi")].filter((item) => item.offsetParent);
  const shut = () => {
    if (!menu() || menu().hidden) return;
    menu().hidden = true;
    if (from?.isConnected) from.focus();
  };
  const place = (x, y) => {
    const box = menu().getBoundingClientRect();
    menu().style.left = `${Math.max(4, Math.min(x, innerWidth - box.width - 4))}px`;
    menu().style.top = `${Math.max(4, Math.min(y, innerHeight - box.height - 4))}px`;
  };
  const open = (cell, event) => {
    row = cell.closest("tr").dataset.row || null;
    column = cell.dataset.column ?? null;
    menu().querySelector("[data-set-start-row]").hidden = row === null;
    const fields = menu().querySelector("[data-map-column]");
    if (fields) fields.hidden = column === null;
    menu().hidden = false;
    if (!items().length) {
      menu().hidden = true;
      return;
    }
    event.preventDefault();
    from = document.activeElement;
    const at = cell.getBoundingClientRect();
    place(event.clientX || at.left + 8, event.clientY || at.bottom); // the menu key has no pointer
    items()[0].focus();
  };
  const setStartRow = () => document.querySelector(`.rownum[value="${CSS.escape(row)}"]`)?.click();
  const mapColumn = (name) => {
    const select = document.querySelector(`select[name="column-${CSS.escape(column)}"]`);
    select.value = name;
    from = select;
    shut();
    select.dispatchEvent(new Event("change", { bubbles: true }));
  };
  document.addEventListener("contextmenu", (event) => {
    const cell = event.target.closest?.("[data-upload-preview] :is(td, th)");
    if (cell && menu()) open(cell, event);
  });
  document.addEventListener("click", (event) => {
    const item = event.target.closest?.("#upload-menu .mi");
    if (!item) shut();
    else if ("field" in item.dataset) mapColumn(item.dataset.field);
    else setStartRow();
  });
  document.addEventListener("keydown", (event) => {
    if (!menu() || menu().hidden) return;
    const all = items();
    const at = all.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (to !== undefined) all.at(to % all.length).focus();
    else if (event.key === "Escape" || event.key === "Tab") shut();
    else if (event.key.length === 1) {
      const after = [...all.slice(at + 1), ...all.slice(0, at + 1)];
      after.find((item) => item.textContent.trim().toLowerCase().startsWith(event.key.toLowerCase()))?.focus();
    } else return;
    event.preventDefault();
  });
})();
