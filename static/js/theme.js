// Runs before the first paint, so that no page flashes in the wrong theme or density.
(() => {
  "use strict";
  const root = document.documentElement;
  const legal = { theme: ["light", "dark"], density: ["compact", "standard", "roomy"] };
  root.classList.add("js");
  for (const [name, values] of Object.entries(legal)) {
    const match = document.cookie.match(new RegExp(`(?:^|; )${name}=(\\w+)`));
    if (match && values.includes(match[1])) root.dataset[name] = match[1];
  }
})();
