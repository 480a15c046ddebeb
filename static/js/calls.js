// Live calls: durations go on by themselves between two answers of the server.
(() => {
  "use strict";
  const aheadMs = Date.now() - Number(document.documentElement.dataset.now || Date.now() / 1000) * 1000;
  const paint = () => {
    const now = Date.now() - aheadMs;
    for (const node of document.querySelectorAll("time[data-lasting]")) {
      const s = Math.max(0, Math.floor((now - Date.parse(node.dateTime)) / 1000));
      const text = `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
      if (node.textContent !== text) node.textContent = text;
    }
  };
  setInterval(() => document.hidden || paint(), 1000);
  document.addEventListener("htmx:afterSwap", paint);
})();
