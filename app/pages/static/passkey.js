/* A passkey is made or used by the browser itself; this hands over what is asked and puts the answer into the form. */
(() => {
  "use strict";
  const form = document.querySelector("form[data-passkey]");
  if (!form || !window.PublicKeyCredential || !navigator.credentials) return;
  const told = form.querySelector("[data-passkey-told]");
  const button = form.querySelector("button");
  document.querySelectorAll("[data-passkey-none]").forEach((one) => (one.hidden = true));
  form.hidden = false;

  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const named = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  const asked = JSON.parse(form.dataset.asked);
  asked.challenge = bytes(asked.challenge);
  if (asked.user) asked.user.id = bytes(asked.user.id);
  if (asked.allowCredentials) asked.allowCredentials = named(asked.allowCredentials);
  if (asked.excludeCredentials) asked.excludeCredentials = named(asked.excludeCredentials);

  const spelled = (made) => {
    const response = { clientDataJSON: text(made.response.clientDataJSON) };
    for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"])
      if (made.response[part]) response[part] = text(made.response[part]);
    if (made.response.getTransports) response.transports = made.response.getTransports();
    return JSON.stringify({ id: made.id, rawId: made.id, type: made.type, response });
  };

  let running = false;
  form.addEventListener(
    "submit",
    async (event) => {
      if (form.elements.answer.value) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (running) return;
      running = true;
      told.textContent = "";
      try {
        const made = await navigator.credentials[form.dataset.passkey]({ publicKey: asked });
        form.elements.answer.value = spelled(made);
        form.requestSubmit(button);
      } catch {
        told.textContent = form.dataset.stopped;
      }
      running = false;
    },
    { capture: true },
  );
  addEventListener("pageshow", () => (form.elements.answer.value = ""));
})();
