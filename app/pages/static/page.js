/* What a script can add: take the token out of the address, count down, copy, send a form once. All works without it. */
(() => {
  "use strict";
  const all = (selector) => Array.from(document.querySelectorAll(selector));

  /* A page that answers a POST becomes one that is fetched: going back or refreshing repeats nothing and asks nothing. */
  history.replaceState(null, "", document.body.dataset.here || location.href);

  /* The token of `/r#token` moves from the address, where a screenshot or the history would keep it, into memory.
     It goes into the form only when the member presses the button. */
  const linkForm = document.querySelector("[data-link]");
  if (linkForm) {
    const paste = linkForm.querySelector("[data-paste]");
    const field = linkForm.elements.link;
    let token = "";
    const take = () => {
      if (location.hash.length < 2) return;
      token = location.hash.slice(1);
      history.replaceState(null, "", location.pathname + location.search);
      paste.hidden = true;
      field.required = false;
    };
    take();
    addEventListener("hashchange", take);
    linkForm.addEventListener("submit", () => {
      if (token) field.value = token;
    });
    all("[data-language]").forEach((link) => {
      link.addEventListener("click", (event) => {
        if (!token) return;
        event.preventDefault();
        location.replace(link.getAttribute("href") + "#" + token);
      });
    });
  }

  /* A second press while the first is on its way is swallowed; coming back by the back button frees the form again. */
  all("form[data-once]").forEach((form) => {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent || form.dataset.held) event.preventDefault();
      else form.dataset.sent = "1";
    });
  });
  addEventListener("pageshow", () => all("form[data-once]").forEach((form) => delete form.dataset.sent));

  all("form[data-wait-s]").forEach((form) => {
    const button = form.querySelector("button");
    const told = form.querySelector("[data-left]");
    const end = performance.now() + Number(form.dataset.waitS) * 1000;
    if (Number(form.dataset.waitS) <= 0) return;
    form.dataset.held = "1";
    button.setAttribute("aria-disabled", "true");
    const tick = () => {
      const left = Math.ceil((end - performance.now()) / 1000);
      if (left > 0) {
        const clock = Math.floor(left / 60) + ":" + String(left % 60).padStart(2, "0") + "\u00a0min";
        told.textContent = form.dataset.in.replace("{left}", clock);
        setTimeout(tick, 250);
        return;
      }
      delete form.dataset.held;
      button.removeAttribute("aria-disabled");
      told.textContent = form.dataset.now;
      form.querySelector("[data-aloud]").textContent = form.dataset.now;
    };
    tick();
  });

  all("[data-copy]").forEach((row) => {
    const button = row.querySelector("button");
    const value = row.querySelector("[data-value]");
    const select = () => getSelection().selectAllChildren(value);
    const said = document.querySelector("[data-aloud]");
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(value.textContent);
        button.textContent = button.dataset.done;
        said.textContent = button.dataset.done;
      } catch {
        select();
      }
    });
  });

  const summary = document.querySelector("[data-focus]");
  if (summary) summary.focus();
})();
