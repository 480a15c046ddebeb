// The palette: Ctrl+K opens it, the server finds, arrows choose, Enter opens. Without it the field in the top
// bar is a link to the same search as a page.
(() => {
  "use strict";
  const KEPT = 8; // keys of what was opened last; the server shows fewer
  const dialog = document.getElementById("palette");
  if (!dialog) return;
  const input = dialog.querySelector("[role=combobox]");
  const failure = dialog.querySelector(".pal-e");
  const isMac = /Mac|iP(hone|ad)/.test(navigator.platform);
  const results = () => document.getElementById("palette-found");
  const options = () => [...dialog.querySelectorAll("[role=option]")];
  const active = () => dialog.querySelector("[aria-selected=true]");
  const typed = () => input.value.replaceAll("\0", "").trim().replace(/\s+/g, " ");
  let opener = null; // has the focus again afterwards
  let waiting = null; // Enter was pressed before the answer came: open its first result then

  // --- What was opened from here: keys only, per person, shown by the server if it may still be seen ------
  const STORE = `palette-${dialog.dataset.user}`;
  const recent = () => (localStorage.getItem(STORE) || "").split(",").filter(Boolean);
  const keep = (key) => {
    if (!key) return;
    localStorage.setItem(STORE, [key, ...recent().filter((other) => other !== key)].slice(0, KEPT).join());
  };
  const forgetOthers = () => {
    for (const key of Object.keys(localStorage)) if (key.startsWith("palette-") && key !== STORE) localStorage.removeItem(key);
  };

  // --- Choosing ---------------------------------------------------------------------------------------------
  const choose = (option) => {
    active()?.setAttribute("aria-selected", "false");
    input.toggleAttribute("aria-activedescendant", Boolean(option));
    if (!option) return;
    option.setAttribute("aria-selected", "true");
    input.setAttribute("aria-activedescendant", option.id);
    // the first one shows its head too, so that scrolling up ends at the top
    if (option === options()[0]) option.closest("[role=listbox]").scrollTop = 0;
    else option.scrollIntoView({ block: "nearest" });
  };
  const move = (key) => {
    const all = options();
    if (!all.length) return;
    const at = all.indexOf(active());
    const to = { ArrowDown: at + 1, ArrowUp: at < 0 ? -1 : at - 1, Home: 0, End: -1 }[key];
    choose(all.at(to % all.length));
  };
  const open = (option, elsewhere) => {
    if (!elsewhere || option.matches("button")) return void option.click();
    keep(option.dataset.key);
    window.open(option.href, "_blank", "noopener");
  };
  const isAnswered = () => results().dataset.for === typed();
  const enter = (event) => {
    const elsewhere = event.ctrlKey || event.metaKey;
    if (isAnswered()) {
      if (active()) open(active(), elsewhere);
    } else {
      waiting = { elsewhere };
      window.htmx.trigger(input, "palette-open"); // what is shown belongs to other words
    }
  };

  // --- Opening and closing --------------------------------------------------------------------------------
  const show = () => {
    if (dialog.open || document.querySelector("dialog[open]")) return;
    opener = document.activeElement;
    document.querySelectorAll("details.menu[open]").forEach((menu) => (menu.open = false));
    dialog.showModal();
    input.value = "";
    input.focus();
    window.htmx.trigger(input, "palette-open");
  };
  dialog.addEventListener("close", () => {
    waiting = null;
    const back = opener?.isConnected && opener !== document.body ? opener : document.getElementById("main");
    back?.focus({ preventScroll: true });
  });
  document.addEventListener("keydown", (event) => {
    const mod = isMac ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey;
    if (!mod || event.altKey || event.shiftKey || event.key.toLowerCase() !== "k") return;
    event.preventDefault(); // also when it is open: a browser's own Ctrl+K would leave the page
    show();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-palette]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    show();
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.isComposing) return; // an input method chooses its own words with these keys
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation(); // it closes this and nothing below
      dialog.close();
    } else if (event.target !== input) return;
    else if (event.key === "Enter") {
      event.preventDefault();
      enter(event);
    } else if (["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key) && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      move(event.key);
    }
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) return void dialog.close(); // the backdrop: all else lies in a child
    const option = event.target.closest("[role=option]");
    if (!option) return;
    keep(option.dataset.key);
    if (option.dataset.act === "clear-selection") {
      dialog.close();
      document.querySelector("[data-clear]")?.click();
    } else if (option.href && samePage(option.href)) dialog.close(); // only the part of this page it names
  });
  dialog.addEventListener("auxclick", (event) => {
    if (event.button === 1) keep(event.target.closest("a[role=option]")?.dataset.key);
  });
  const samePage = (href) => href.split("#")[0] === location.href.split("#")[0];

  // --- Answers ------------------------------------------------------------------------------------------------
  dialog.addEventListener("htmx:configRequest", (event) => {
    const { parameters } = event.detail;
    parameters.recent = recent().join();
    const ticked = document.querySelector("[data-grid]")?.dataset.ticked;
    if (ticked) parameters.ticked = ticked.slice(0, 4000);
  });
  const fails = (text) => {
    failure.textContent = text;
    failure.hidden = !text;
    waiting = null;
  };
  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    dialog.addEventListener(name, () => fails(dialog.dataset.down));
  }
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target?.id !== "palette-found" || !dialog.open) return;
    const wanted = waiting;
    fails("");
    const all = options();
    input.setAttribute("aria-expanded", String(all.length > 0));
    choose(all[0]);
    dialog.querySelector("[data-said]").textContent = results().dataset.say || "";
    if (wanted && isAnswered() && all[0]) open(all[0], wanted.elsewhere);
    else if (wanted && !isAnswered()) waiting = wanted;
  });

  // --- An address that ends in the name of a form leads into its first field --------------------------------
  const intoForm = () => {
    const form = document.getElementById(location.hash.slice(1));
    if (form?.matches("form")) form.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  };
  window.addEventListener("hashchange", intoForm);
  window.addEventListener("load", () => setTimeout(intoForm)); // going to the place itself takes the focus away

  if (isMac) document.querySelectorAll(".find .kbd").forEach((key) => (key.textContent = "⌘K"));
  forgetOthers();
})();
