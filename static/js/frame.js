// The frame of every page: menus, hover cards, theme and density, toasts, shortcuts, ages.
// All handlers sit on the document, so what htmx swaps in works without being wired up again.
(() => {
  "use strict";
  const root = document.documentElement;
  const YEAR_S = 31536000;
  const TOAST_MS = 6000;
  const HOVER_GRACE_MS = 180;

  const remember = (name, value) => {
    document.cookie = `${name}=${value}; path=/; max-age=${value ? YEAR_S : 0}; samesite=lax`;
  };

  // --- Theme and density: a button with data-cycle walks through data-values -------------------------
  const paintCycle = (button) => {
    const values = button.dataset.values.split(" ");
    const now = root.dataset[button.dataset.cycle] || values[0];
    const label = button.getAttribute(`data-label-${now}`);
    button.setAttribute("aria-label", label);
    button.title = label;
  };
  const paintCycles = (scope) => scope.querySelectorAll("[data-cycle]").forEach(paintCycle);
  const turnCycle = (button) => {
    const name = button.dataset.cycle;
    const values = button.dataset.values.split(" ");
    const next = values[(values.indexOf(root.dataset[name] || values[0]) + 1) % values.length];
    if (next === values[0]) delete root.dataset[name];
    else root.dataset[name] = next;
    remember(name, next === values[0] ? "" : next);
    paintCycles(document);
  };

  // --- Menus: details.menu. Arrows walk, Escape and a click or focus elsewhere close -----------------
  const openMenus = () => [...document.querySelectorAll("details.menu[open]")];
  const closeMenu = (menu, focusBack) => {
    menu.open = false;
    if (focusBack) menu.querySelector("summary").focus();
  };
  const closeMenusOutside = (node) =>
    openMenus().filter((menu) => !menu.contains(node)).forEach((menu) => closeMenu(menu, false));
  const walkMenu = (menu, key) => {
    const items = [...menu.querySelectorAll(".pop .mi")].filter((item) => item.offsetParent && !item.disabled);
    if (!items.length) return;
    const at = items.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at < 0 ? -1 : at - 1, Home: 0, End: -1 }[key];
    items.at(to % items.length).focus();
  };
  document.addEventListener("toggle", (event) => {
    const menu = event.target;
    if (!menu.matches?.("details.menu") || !menu.open) return;
    openMenus().filter((other) => !other.contains(menu)).forEach((other) => closeMenu(other, false));
    const pop = menu.querySelector(".pop");
    if (!pop) return;
    pop.classList.remove("start", "up"); // measured anew, for the window may have changed
    const box = pop.getBoundingClientRect();
    if (box.left < 4) pop.classList.add("start");
    if (box.bottom > innerHeight - 4 && box.height < menu.getBoundingClientRect().top) pop.classList.add("up");
  }, true);

  // --- Hover cards: .wnw > button.wn + .card-pop ------------------------------------------------------
  // CSS shows them; here they get a place that nothing cuts off, time to be reached, and Escape.
  let cardTimer = 0;
  const placeCard = (wrap) => {
    const card = wrap.querySelector(".card-pop");
    const trigger = wrap.querySelector(".wn");
    if (!card || !trigger) return;
    card.classList.add("placed");
    const at = trigger.getBoundingClientRect();
    const width = Math.min(card.offsetWidth, innerWidth - 16);
    const left = Math.max(8, Math.min(at.left - 40, innerWidth - width - 8));
    const below = at.bottom + 4 + card.offsetHeight <= innerHeight - 8 || at.top < card.offsetHeight;
    card.style.left = `${left}px`; // set through the object model, which the policy allows
    card.style.top = `${below ? at.bottom + 4 : at.top - 4 - card.offsetHeight}px`;
    trigger.setAttribute("aria-expanded", "true");
  };
  const openCards = () => [...document.querySelectorAll(".wnw.open")];
  const shutCard = (wrap, byEscape) => {
    clearTimeout(cardTimer);
    if (byEscape && wrap.querySelector(".card-pop")?.contains(document.activeElement)) {
      wrap.querySelector(".wn")?.focus(); // focus never stays on what is no longer seen
    }
    wrap.classList.remove("open");
    wrap.classList.toggle("shut", byEscape); // stays shut until pointer and focus have left
    wrap.querySelector(".wn")?.setAttribute("aria-expanded", "false");
  };
  const openCard = (wrap) => {
    clearTimeout(cardTimer);
    openCards().filter((other) => other !== wrap).forEach((other) => shutCard(other, false));
    if (wrap.classList.contains("shut")) return;
    wrap.classList.add("open");
    placeCard(wrap);
  };
  const leaveCard = (wrap, to) => {
    if (wrap.contains(to)) return;
    wrap.classList.remove("shut");
    clearTimeout(cardTimer);
    cardTimer = setTimeout(() => {
      if (!wrap.matches(":hover, :focus-within")) shutCard(wrap, false);
    }, HOVER_GRACE_MS);
  };
  const wrapOf = (event) => event.target.closest?.(".wnw");
  document.addEventListener("pointerover", (event) => wrapOf(event) && openCard(wrapOf(event)));
  document.addEventListener("pointerout", (event) => wrapOf(event) && leaveCard(wrapOf(event), event.relatedTarget));
  document.addEventListener("focusin", (event) => {
    closeMenusOutside(event.target);
    if (wrapOf(event)) openCard(wrapOf(event));
  });
  document.addEventListener("focusout", (event) => wrapOf(event) && leaveCard(wrapOf(event), event.relatedTarget));
  document.addEventListener("scroll", () => openCards().forEach(placeCard), { capture: true, passive: true });

  // --- Toasts ------------------------------------------------------------------------------------------
  const region = () => document.getElementById("toasts");
  const dropToast = (toast) => {
    if (toast.matches(":hover, :focus-within")) setTimeout(() => dropToast(toast), 1000); // being read
    else toast.remove();
  };
  const showToast = (text, tone = "good", keep = false) => {
    const template = document.getElementById("toast");
    if (!template || !region()) return;
    if ([...region().children].some((shown) => shown.dataset.text === text)) return;
    const toast = template.content.firstElementChild.cloneNode(true);
    toast.dataset.text = text;
    toast.dataset.tone = tone;
    toast.querySelector(".grow").textContent = text;
    if (tone !== "good") {
      const use = toast.querySelector("use");
      use.setAttribute("href", use.getAttribute("href").replace(/#.*/, "#warn"));
    }
    region().append(toast);
    if (!keep) setTimeout(() => dropToast(toast), TOAST_MS);
  };
  document.addEventListener("toast", (event) => {
    const detail = event.detail || {};
    showToast(detail.text || detail.value || "", detail.tone);
  });
  // A failed request says so and clears nothing; a part that polls says it in its own banner instead.
  const isQuiet = (event) => Boolean(event.detail.elt?.closest?.("[data-quiet]"));
  document.addEventListener("htmx:responseError", (event) => {
    if (isQuiet(event)) return;
    const words = region()?.dataset || {};
    const id = event.detail.xhr.getResponseHeader("X-Request-ID");
    const text = event.detail.xhr.status >= 500 ? words.failed : words.refused;
    showToast(id ? `${text} ${words.request} ${id}` : text, "bad", true);
  });
  document.addEventListener("htmx:sendError", (event) => {
    if (!isQuiet(event)) showToast(region()?.dataset.down || "", "bad");
  });

  // --- Ages: <time datetime data-age>, the same table as grids.formats.format_age ------------------------
  const clockAheadMs = Date.now() - Number(root.dataset.now || Date.now() / 1000) * 1000;
  const ageText = (ageS, [now, s, min, h, d, mo]) => {
    const days = Math.floor(ageS / 86400);
    if (ageS < 1) return now;
    if (ageS < 60) return `${ageS} ${s}`;
    if (ageS < 3600) return `${Math.floor(ageS / 60)} ${min}`;
    if (ageS < 86400) return `${Math.floor(ageS / 3600)} ${h}`;
    if (days < 30) return `${days} ${d}`;
    return `${Math.max(1, Math.floor(days / 30.4375))} ${mo}`;
  };
  const paintAges = () => {
    const words = (document.body.dataset.ages || "now|s|min|h|d|mo").split("|");
    const now = Date.now() - clockAheadMs;
    for (const node of document.querySelectorAll("time[data-age]")) {
      const text = ageText(Math.floor((now - Date.parse(node.dateTime)) / 1000), words);
      if (node.textContent !== text) node.textContent = text;
    }
  };
  setInterval(() => document.hidden || paintAges(), 1000);
  document.addEventListener("ages", paintAges); // somebody has put new ages on the page

  // --- Keys ----------------------------------------------------------------------------------------------
  // Only where there is the list that names them and switches them off.
  const singleKeysOn = () => document.getElementById("shortcuts") && localStorage.getItem("single-keys") !== "off";
  const isTyping = (node) => node.isContentEditable || node.matches?.("input:not([type=checkbox],[type=radio]),textarea,select");
  const go = (key) => document.querySelector(`[data-go="${CSS.escape(key)}"]`)?.click();
  let afterG = 0; // time of the last "g"; a letter within a second of it goes somewhere
  const singleKey = (event) => {
    if (event.key === "/") {
      const search = document.querySelector("[data-search], #main input[type=search]");
      if (!search) return;
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === "?") {
      document.getElementById("shortcuts")?.showModal();
    } else if (event.key === "g") {
      afterG = event.timeStamp;
    } else if (event.timeStamp - afterG < 1000) {
      afterG = 0;
      go(event.key);
    }
  };
  const escape = () => {
    const cards = openCards();
    const menus = openMenus();
    if (cards.length) cards.forEach((wrap) => shutCard(wrap, true));
    else if (menus.length) closeMenu(menus.at(-1), true);
    else return false;
    return true;
  };
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented) return;
    if (event.key === "Escape") {
      if (escape()) event.preventDefault();
      return;
    }
    const menu = event.target.closest?.("details.menu[open]");
    if (menu && ["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key) && !isTyping(event.target)) {
      event.preventDefault();
      walkMenu(menu, event.key);
      return;
    }
    const plain = !event.ctrlKey && !event.altKey && !event.metaKey;
    const busy = event.repeat || event.isComposing || document.querySelector("dialog[open], [data-popover]");
    if (plain && !busy && !isTyping(event.target) && singleKeysOn()) singleKey(event);
  });

  // --- Clicks ----------------------------------------------------------------------------------------------
  const togglePassword = (button) => {
    const input = document.getElementById(button.dataset.reveal);
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!shown));
    button.setAttribute("aria-label", shown ? button.dataset.show : button.dataset.hide);
    const use = button.querySelector("use");
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, shown ? "#eye" : "#eye-off"));
  };
  document.addEventListener("click", (event) => {
    closeMenusOutside(event.target);
    const button = event.target.closest?.("button");
    if (!button) return;
    if (button.dataset.cycle) turnCycle(button);
    else if (button.dataset.reveal) togglePassword(button);
    else if (button.dataset.openDialog) {
      const menu = button.closest("details.menu");
      if (menu) closeMenu(menu, true);
      document.getElementById(button.dataset.openDialog)?.showModal();
    } else if (button.closest(".toast")) button.closest(".toast").remove();
  });
  document.addEventListener("change", (event) => {
    if (event.target.id === "single-keys") localStorage.setItem("single-keys", event.target.checked ? "on" : "off");
  });

  // --- Start -------------------------------------------------------------------------------------------------
  const start = () => {
    paintCycles(document);
    paintAges();
    const keys = document.getElementById("single-keys");
    if (keys) keys.checked = singleKeysOn();
    for (const toast of region()?.querySelectorAll(".toast[data-tone]") || []) {
      const close = document.getElementById("toast").content.querySelector("button").cloneNode(true);
      if (!toast.querySelector("button")) toast.append(close);
      if (["success", "info", "debug"].includes(toast.dataset.tone)) setTimeout(() => dropToast(toast), TOAST_MS);
    }
  };
  start();
  document.addEventListener("htmx:load", (event) => paintCycles(event.target));
})();
