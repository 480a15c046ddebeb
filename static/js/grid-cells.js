// Cells of a grid drawn from the short lines that a poll brings: one format with grids/columns/figures.py.
// Each function gives the very markup that the server draws for the same values.
(() => {
  "use strict";
  const MINUS = "\u2212";
  const NONE = '<span class="none">\u2014</span>';
  const esc = (text) => text.replace(/[&<>"']/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;" })[c]);
  const attr = (name, value) => (value ? ` ${name}="${esc(value)}"` : "");

  // Money and rates are counted in whole numbers of 10^-8: a binary float would lose cents.
  const scaled = (amount) => {
    const [whole, part = ""] = amount.replace("-", "").split(".");
    const value = BigInt(whole) * 100000000n + BigInt(part.padEnd(8, "0").slice(0, 8));
    return amount.startsWith("-") ? -value : value;
  };
  const written = (value, digits) => {
    const unit = 10n ** BigInt(8 - digits);
    const size = value < 0n ? -value : value;
    const rounded = (size + (unit > 1n ? unit / 2n : 0n)) / unit;
    const text = rounded.toString().padStart(digits + 1, "0");
    const whole = text.slice(0, text.length - digits).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
    return `${value < 0n && rounded ? MINUS : ""}${whole}${digits ? `.${text.slice(-digits)}` : ""}`;
  };
  const count = (digits) => digits.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  const filled = (pattern, words) => (pattern || "").replace(/%(\d+)/g, (_, place) => words[place - 1] ?? "");
  const number = (value, digits) => {
    const shown = written(scaled(value), digits);
    return /[1-9]/.test(value) ? shown : `<span class="zero">${shown}</span>`;
  };
  const sprite = (root) => root.querySelector("svg use").getAttribute("href").replace(/#.*/, "");
  const warnSign = (root) => `<svg class="i xs" aria-hidden="true"><use href="${sprite(root)}#warn"></use></svg>`;

  // kind -> (parts of the line, data-* of the head, root of the grid, old cell) -> [attributes, markup]
  const kinds = {
    number: ([value], head) => [attr("data-v", value), value ? number(value, Number(head.decimals)) : NONE],
    age: ([at]) => {
      const moment = at.replace("T", " ").replace("Z", " UTC");
      return [attr("data-v", at), at ? `<time datetime="${at}" title="${moment}" data-age></time>` : NONE];
    },
    lasting: ([at]) => [attr("data-v", at), at ? `<time datetime="${at}" data-lasting></time>` : NONE],
    money: ([amount, bad, code, digits, ...words], head) => {
      const data = `${attr("data-v", amount)}${attr("data-cur", code)} data-d="${digits}"`;
      if (!amount) return [data, NONE];
      const title = attr("title", filled(head.title, words));
      const figure = written(scaled(amount), Number(digits));
      return [data, `<span${bad ? ' class="bad"' : ""}${title}>${figure}</span><span class="cur">${esc(code)}</span>`];
    },
    usage: ([used, limit], head) => {
      const figure = `<b>${count(used)}</b>`;
      if (!limit) {
        const room = '<svg width="52" height="5" aria-hidden="true"></svg>';
        return [attr("data-v", used), `<span class="chn"${attr("title", head.unlimited)}><span>${figure}</span>${room}</span>`];
      }
      const whole = Math.floor((Number(used) * 100) / Number(limit));
      const percent = Math.min(100, whole);
      const tone = head.bad && percent >= Number(head.bad) ? " b" : head.warn && percent >= Number(head.warn) ? " w" : "";
      const label = esc(head.words.replace("987654321", whole));
      const fifth = percent / 5;
      const even = fifth % 1 === 0.5 ? 2 * Math.round(fifth / 2) : Math.round(fifth); // halves to even, as there
      const step = used === "0" ? 0 : Math.max(1, even);
      const bar = `<span class="bar${tone}" role="img" aria-label="${label}"><i class="w${step}"></i></span>`;
      return [attr("data-v", used), `<span class="chn"><span>${figure}<span class="of"> / ${count(limit)}</span></span>${bar}</span>`];
    },
    ratio: ([plain, shown, tone, ...words], head, root) => {
      if (!plain) return ["", NONE];
      let title = filled(head.title, words);
      let figure = shown;
      if (tone === "b" && head.badTitle) {
        title = title ? `${head.badTitle} ${title}` : head.badTitle;
        figure = `<span class="chn">${warnSign(root)}<span class="sr">${esc(head.badTitle)}</span><span>${figure}</span></span>`;
      }
      const css = { b: "bad", w: "warn" }[tone];
      return [attr("data-v", plain), css || title ? `<span${attr("class", css)}${attr("title", title)}>${figure}</span>` : figure];
    },
    spark: ([value], head, root, old) => {
      const curve = old.querySelector(".spark")?.outerHTML || "";
      const figure = value ? `<span>${number(value, Number(head.decimals))}</span>` : NONE;
      return [attr("data-v", value), `<span class="cpsc">${figure}${curve}</span>`];
    },
  };

  // The cells of one row: [old cell, new markup] for each column whose head names a kind, in their order.
  const cellsOf = (root, row, line) => {
    const parts = line.split("|");
    return [...root.querySelectorAll("thead th[data-k]")].flatMap((head, place) => {
      const { c, k } = head.dataset;
      const old = row.querySelector(`:scope > [data-c="${c}"]`);
      if (!old || parts[place] === undefined) return [];
      const [data, markup] = kinds[k](parts[place].split(";"), head.dataset, root, old);
      const css = attr("class", head.dataset.css);
      return [[old, `<td${css} data-c="${c}" data-live${data}>${markup}</td>`]];
    });
  };
  window.gridCells = { cellsOf, scaled, written };
})();
