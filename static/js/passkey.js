// Passkeys (WebAuthn), and the seconds to wait after failed attempts. A form with data-passkey asks the
// browser before it is sent: "get" for a passkey that exists, "create" for a new one.
(() => {
  "use strict";
  const toBytes = (text) => {
    const padded = text.replace(/-/g, "+").replace(/_/g, "/") + "===".slice((text.length + 3) % 4);
    return Uint8Array.from(atob(padded), (letter) => letter.charCodeAt(0));
  };
  const toText = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  // Browsers give passkeys to names only, and only where nobody can listen in.
  const isName = !/^(\[.*\]|[\d.]+)$/.test(location.hostname);
  const supported = Boolean(window.PublicKeyCredential && navigator.credentials && isName);

  const listed = (list) => (list || []).map((one) => ({ ...one, id: toBytes(one.id) }));
  const readOptions = (options) => {
    const key = { ...options.publicKey, challenge: toBytes(options.publicKey.challenge) };
    if (key.user) key.user = { ...key.user, id: toBytes(key.user.id) };
    if (key.allowCredentials) key.allowCredentials = listed(key.allowCredentials);
    if (key.excludeCredentials) key.excludeCredentials = listed(key.excludeCredentials);
    return { publicKey: key };
  };
  const asJson = (made) => {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (made.response[name]) response[name] = toText(made.response[name]);
    }
    if (made.response.getTransports) response.transports = made.response.getTransports();
    return {
      id: made.id,
      rawId: toText(made.rawId),
      type: made.type,
      authenticatorAttachment: made.authenticatorAttachment,
      clientExtensionResults: made.getClientExtensionResults(),
      response,
    };
  };

  const optionsOf = async (form) => {
    if (form.dataset.options) return JSON.parse(form.dataset.options);
    const answer = await fetch(form.dataset.optionsUrl, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`passkey options: ${answer.status}`);
    return answer.json();
  };
  const say = (form, words) => {
    const line = form.querySelector(".err[hidden], .err[data-said]");
    line.textContent = words;
    line.hidden = !words;
    line.dataset.said = "";
  };
  const ask = async (form) => {
    const button = form.querySelector("button");
    button.disabled = true;
    say(form, "");
    try {
      const options = readOptions(await optionsOf(form));
      const made = await navigator.credentials[form.dataset.passkey](options);
      form.elements.credential.value = JSON.stringify(asJson(made));
      const box = form.querySelector("[data-from]");
      if (box) box.value = document.getElementById(box.dataset.from)?.checked ? "on" : "";
      form.submit();
    } catch (error) {
      const { cancelled, failed, twice } = form.dataset;
      say(form, error.name === "NotAllowedError" ? cancelled : (error.name === "InvalidStateError" && twice) || failed);
      button.disabled = false;
      button.focus();
    }
  };

  document.addEventListener("submit", (event) => {
    if (!event.target.dataset.passkey) return;
    event.preventDefault();
    ask(event.target);
  });

  // --- Seconds to wait ---------------------------------------------------------------------------------
  const countDown = (note) => {
    const over = Date.now() + Number(note.dataset.wait) * 1000;
    const words = note.querySelector(".grow");
    const tick = () => {
      const left = Math.ceil((over - Date.now()) / 1000);
      if (left <= 0) {
        words.textContent = note.dataset.waitOver;
        return;
      }
      words.textContent = left === 1 ? note.dataset.waitOne : note.dataset.waitMany.replace("{n}", left);
      setTimeout(tick, 1000);
    };
    note.setAttribute("aria-live", "off"); // it was read out once; each second would be noise
    tick();
  };

  // --- A one-time link: what stands behind its "#" is the code, which no server gets to see ----------------
  const readLink = (input) => {
    if (location.hash.length < 2) return;
    input.value = location.hash.slice(1);
    history.replaceState(null, "", location.pathname);
    input.closest(".fld").hidden = true;
  };

  const begin = () => {
    document.querySelectorAll("[data-fragment]").forEach(readLink);
    document.querySelectorAll("form[data-passkey]").forEach((form) => {
      if (!supported && form.dataset.passkey === "create") form.querySelector("button").disabled = true;
      else form.hidden = !supported;
      const missing = form.querySelector("[data-passkey-missing]");
      if (missing) missing.hidden = supported;
    });
    document.querySelectorAll("[data-wait]").forEach(countDown);
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
