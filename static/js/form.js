// A form on tabs: one part at a time, a question before changes are lost, hours drawn as bars. Without it all
// parts stand one below the other, and hours are written.
(() => {
  "use strict";
  const form = document.querySelector("form[data-guard]");
  if (!form) return;

  // --- Tabs -------------------------------------------------------------------------------------------------
  const strip = form.querySelector("[data-tabs]");
  const tabs = [...(strip?.querySelectorAll("a") || [])]; // a short form has none
  const panels = [...form.querySelectorAll("[data-panel]")];
  const show = (slug, focus) => {
    const at = Math.max(0, panels.findIndex((panel) => panel.id === slug));
    panels.forEach((panel, place) => (panel.hidden = place !== at));
    tabs.forEach((tab, place) => {
      tab.setAttribute("aria-selected", place === at);
      tab.tabIndex = place === at ? 0 : -1;
      tab.toggleAttribute("aria-current", place === at);
    });
    if (focus) tabs[at].focus();
  };
  strip?.setAttribute("role", "tablist");
  tabs.forEach((tab, place) => {
    tab.setAttribute("role", "tab");
    tab.id = `tab-${panels[place].id}`;
    tab.setAttribute("aria-controls", panels[place].id);
    panels[place].setAttribute("role", "tabpanel");
    tab.addEventListener("click", (event) => {
      event.preventDefault();
      history.replaceState(history.state, "", tab.hash);
      show(panels[place].id, true);
    });
  });
  strip?.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = tabs.findIndex((tab) => tab.tabIndex === 0);
    tabs.at((at + step) % tabs.length).click();
  });
  const wrong = form.querySelector("[aria-invalid=true]");
  show(wrong?.closest("[data-panel]")?.id || location.hash.slice(1));
  // going to the place that the address names takes the focus away
  if (wrong) addEventListener("load", () => setTimeout(() => wrong.focus()));
  form.addEventListener("invalid", (event) => show(event.target.closest("[data-panel]")?.id), true);

  // --- Nothing is lost without a question -----------------------------------------------------------------
  const written = () => new URLSearchParams(new FormData(form)).toString();
  const before = form.querySelector("[aria-invalid=true], [name=theirs]") ? "" : written();
  let leaving = false;
  form.addEventListener("submit", () => (leaving = true));
  addEventListener("pageshow", () => (leaving = false));
  addEventListener("beforeunload", (event) => {
    if (!leaving && written() !== before) event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    const value = { s: "stay", Enter: "continue" }[event.key];
    if (!value) return;
    event.preventDefault();
    form.requestSubmit(form.querySelector(`footer [name=save][value=${value}]`));
  });

  // --- Hours: text is the truth, bars show it and are drawn upon -------------------------------------------
  const QUARTERS = 96;
  const bars = [...form.querySelectorAll("[data-bar]")];
  const field = (bar) => document.getElementById(bar.dataset.bar);
  const clock = (at) => `${String(at >> 2).padStart(2, "0")}:${String((at % 4) * 15).padStart(2, "0")}`;
  const read = (text) => [...text.matchAll(/(\d{1,2})(?::?(\d\d))?\s*(?:-|–|—)\s*(\d{1,2})(?::?(\d\d))?/g)]
    .map(([, a, b, c, d]) => [a * 4 + (b || 0) / 15, c * 4 + (d || 0) / 15])
    .filter(([from, to]) => from < to && to <= QUARTERS);
  const rect = (from, to) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    for (const [name, value] of Object.entries({ x: from, width: to - from, height: 12 })) made.setAttribute(name, value);
    return made;
  };
  const draw = (bar) => {
    bar.querySelectorAll("rect:not(.all)").forEach((old) => old.remove());
    for (const [from, to] of read(field(bar).value)) bar.append(rect(from, to));
  };
  const write = (bar, ranges) => {
    const joined = [];
    for (const [from, to] of ranges.sort((a, b) => a[0] - b[0])) {
      const last = joined.at(-1);
      if (last && from <= last[1]) last[1] = Math.max(last[1], to);
      else joined.push([from, to]);
    }
    field(bar).value = joined.map(([from, to]) => `${clock(from)}–${clock(to)}`).join(", ");
    draw(bar);
  };
  for (const bar of bars) {
    draw(bar);
    field(bar).addEventListener("input", () => draw(bar));
    const at = (event) => {
      const box = bar.getBoundingClientRect();
      return Math.max(0, Math.min(QUARTERS, Math.round(((event.clientX - box.left) / box.width) * QUARTERS)));
    };
    bar.addEventListener("pointerdown", (event) => {
      const begun = at(event);
      const kept = read(field(bar).value);
      bar.setPointerCapture(event.pointerId);
      const drag = (moved) => {
        const now = at(moved);
        if (now !== begun) write(bar, [...kept.map((range) => [...range]), [Math.min(begun, now), Math.max(begun, now)]]);
      };
      bar.addEventListener("pointermove", drag);
      bar.addEventListener("lostpointercapture", () => bar.removeEventListener("pointermove", drag), { once: true });
    });
  }
  form.addEventListener("click", (event) => {
    const what = event.target.closest("[data-week]")?.dataset.week;
    if (!what) return;
    const monday = what === "office" ? [[36, 72]] : read(field(bars[0]).value);
    bars.forEach((bar, day) => {
      if (what === "clear") write(bar, []);
      else if (day < 5) write(bar, monday.map((range) => [...range]));
    });
  });
})();
