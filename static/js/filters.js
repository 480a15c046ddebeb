// The filters panel and the suggestions of the text box. Without it both are forms and links.
(() => {
  "use strict";
  const WAIT_MS = 120; // after the last key, before the server is asked for suggestions
  const box = () => document.querySelector("[data-grid] [role=search] input[type=search]");
  const list = () => document.querySelector("[data-grid] .sugg");
  const options = () => [...(list()?.querySelectorAll("[role=option]") || [])];

  // --- Suggestions: a combobox; the list is the server's, arrows walk it, Enter takes ---------------------
  let timer = 0;
  let asked = null; // the request under way
  const isOpen = () => Boolean(list() && !list().hidden);
  const close = () => {
    clearTimeout(timer);
    asked?.abort();
    const input = box();
    if (!input || !list()) return;
    list().hidden = true;
    list().removeAttribute("style");
    list().replaceChildren();
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const show = (html) => {
    const input = box();
    if (input !== document.activeElement || !html.trim()) return close();
    const pop = list();
    pop.innerHTML = html; // our own server's markup, escaped there
    pop.hidden = false;
    const at = input.form.getBoundingClientRect();
    pop.style.left = `${Math.max(8, Math.min(at.left, innerWidth - pop.offsetWidth - 8))}px`; // by the object model
    pop.style.top = `${at.bottom + 4}px`;
    input.setAttribute("aria-expanded", "true");
  };
  const ask = async () => {
    const input = box();
    if (!input) return;
    asked?.abort();
    asked = new AbortController();
    const query = new URLSearchParams(new FormData(input.form));
    query.set("at", input.selectionStart);
    try {
      const answer = await fetch(`${input.form.dataset.suggestUrl}?${query}`, {
        headers: { "HX-Request": "true" }, signal: asked.signal, cache: "no-store",
      });
      if (answer.ok && !answer.headers.get("HX-Redirect")) show(await answer.text());
    } catch {
      close(); // suggestions are a kindness: the box works without them
    }
  };
  const chosen = () => options().findIndex((one) => one.getAttribute("aria-selected") === "true");
  const choose = (at) => {
    const all = options();
    all.forEach((one, place) => one.setAttribute("aria-selected", String(place === at)));
    all[at]?.scrollIntoView({ block: "nearest" });
    if (all[at]) box().setAttribute("aria-activedescendant", all[at].id);
    else box().removeAttribute("aria-activedescendant");
  };
  const take = (option) => {
    const input = box();
    const { start, end, insert, pick } = option.dataset;
    input.value = input.value.slice(0, Number(start)) + insert + input.value.slice(Number(end));
    const caret = Number(start) + insert.length;
    input.setSelectionRange(caret - Number(pick), caret);
    close();
    if (insert.endsWith(":")) ask();
  };
  document.addEventListener("input", (event) => {
    if (event.target !== box()) return;
    clearTimeout(timer);
    const before = event.target.value.slice(0, event.target.selectionStart);
    if (/\S$/.test(before)) timer = setTimeout(ask, WAIT_MS);
    else close();
  });
  // Before the handlers of the grid: an open list is the topmost thing that Escape and Enter mean.
  document.addEventListener("keydown", (event) => {
    if (event.target !== box() || event.isComposing) return;
    const count = options().length;
    if (event.key === "ArrowDown" && !isOpen()) ask();
    else if (event.key === "ArrowDown" && isOpen()) choose((chosen() + 1) % count);
    else if (event.key === "ArrowUp" && isOpen()) choose(chosen() <= 0 ? count - 1 : chosen() - 1);
    else if (event.key === "Enter" && isOpen() && chosen() >= 0) take(options()[chosen()]);
    else if (event.key === "Escape" && isOpen()) close();
    else {
      if (event.key === "Enter" || event.key === "Tab") close();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }, true);
  document.addEventListener("mousedown", (event) => {
    if (event.target.closest?.(".sugg")) event.preventDefault(); // the box keeps its focus
  });
  document.addEventListener("click", (event) => {
    const option = event.target.closest?.(".sugg [role=option]");
    if (option) take(option);
  });
  document.addEventListener("focusout", (event) => event.target === box() && close());
  const dress = () => {
    const input = box();
    if (!input || !list()) return;
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-expanded", "false");
    input.setAttribute("aria-controls", list().id);
  };

  // --- Panel ------------------------------------------------------------------------------------------------
  const panel = () => document.querySelector("[data-panel]");
  const cardOf = (name) => panel()?.querySelector(`[data-card="${CSS.escape(name)}"]`);
  document.addEventListener("input", (event) => {
    if (!event.target.matches?.("[data-find]")) return;
    const sought = event.target.value.trim().toLowerCase();
    for (const item of panel().querySelectorAll(".ffolds li, .clist li")) item.hidden = !item.textContent.toLowerCase().includes(sought);
  });
  document.addEventListener("keydown", (event) => {
    const node = event.target;
    if (!node.closest?.("[data-panel]")) return;
    if (event.key === "Escape" && !event.defaultPrevented) {
      event.preventDefault();
      panel().querySelector("[data-close-panel]").click();
    } else if (event.key === "Enter" && node.matches("[data-find]")) {
      event.preventDefault();
      panel().querySelector(".ffolds li:not([hidden]) a")?.click();
    } else if (event.key === "Enter" && node.matches("[data-mini]")) {
      event.preventDefault(); // exactly the values that are found
      const boxes = [...node.closest(".fbody").querySelectorAll(".vals input")];
      if (!node.value.trim() || !boxes.length) return;
      boxes.forEach((one) => (one.checked = true));
      node.value = "";
      window.htmx.trigger(node.form, "submit");
    }
  });
  // Looking for a column or a value changes no filter.
  document.addEventListener("htmx:confirm", (event) => {
    const by = event.detail.triggeringEvent;
    if (by?.type === "change" && by.target.matches?.("[data-find], [data-mini]")) event.preventDefault();
  });

  // --- Swaps keep what stood open, where it was scrolled to, and lead the focus to what was asked for -----
  let before = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!event.detail.target?.matches?.("[data-grid]") || !event.detail.shouldSwap) return;
    const link = (event.detail.requestConfig?.elt || event.detail.elt)?.closest?.("a");
    const cards = [...document.querySelectorAll("[data-card]")];
    before = {
      opens: link?.dataset.opens,
      closes: Boolean(link?.matches("[data-close-panel], [data-panel-tab][aria-expanded=true]")),
      opensPanel: Boolean(link?.matches("[data-panel-tab][aria-expanded=false]")) || link?.dataset.opens === "",
      removes: Boolean(link?.closest("[data-panel]") && !link.dataset.opens),
      cards: new Map(cards.map((card) => [card.dataset.card, {
        open: card.querySelector("details").open, at: card.querySelector(".vals")?.scrollTop || 0,
      }])),
      at: panel()?.querySelector(".fcards").scrollTop || 0,
      list: isOpen() ? [list().innerHTML, chosen()] : null,
    };
    list()?.removeAttribute("style"); // htmx would write it anew as markup, which the policy forbids
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (!before || !document.querySelector("[data-grid]")) return;
    const was = before;
    before = null;
    dress();
    if (was.list && document.activeElement === box()) {
      show(was.list[0]);
      choose(was.list[1]);
    }
    if (!panel()) {
      if (was.closes) document.querySelector("[data-panel-tab]")?.focus();
      return;
    }
    for (const [name, { open, at }] of was.cards) {
      const card = cardOf(name);
      if (!card) continue;
      if (name !== was.opens) card.querySelector("details").open = open || Boolean(card.querySelector("[aria-invalid]"));
      const values = card.querySelector(".vals");
      if (values) values.scrollTop = at;
    }
    panel().querySelector(".fcards").scrollTop = was.at;
    const card = was.opens && cardOf(was.opens);
    if (card) {
      card.scrollIntoView({ block: "nearest" });
      (card.querySelector("[data-mini]") || card.querySelector("input:not([type=hidden]), select"))?.focus();
    } else if (was.opensPanel || was.removes) {
      (panel().querySelector("summary") || panel().querySelector("[data-find]"))?.focus();
    }
  });

  dress();
})();
