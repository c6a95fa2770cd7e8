/* The keyboard. Everything here can be done without it; single keys are off where the user wants them off. */
(() => {
  "use strict";
  const all = (what) => [...document.querySelectorAll(what)];
  const help = document.getElementById("keys");
  const opener = document.querySelector("[data-keys-open]");
  if (help && opener) {
    opener.hidden = false;
    opener.addEventListener("click", () => help.showModal());
  }

  /* An open menu closes with Escape, or when something else is clicked. */
  const me = document.querySelector("details.me");
  document.addEventListener("click", (event) => {
    if (me && me.open && !me.contains(event.target)) me.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !me || !me.open) return;
    me.open = false;
    me.querySelector("summary").focus();
  });

  /* A box marks all rows of its table or form. */
  all("[data-mark-all]").forEach((label) => {
    label.hidden = false;
    const box = label.matches("input") ? label : label.querySelector("input");
    box.addEventListener("change", () => {
      const rows = box.closest("form, table").querySelectorAll("tbody input[type=checkbox]");
      rows.forEach((row) => (row.checked = box.checked));
    });
  });
  all("[data-marked]").forEach((told) => {
    const form = told.closest("form");
    form.addEventListener("change", () => {
      const marked = form.querySelectorAll("tbody input[type=checkbox]:checked").length;
      told.textContent = marked ? `${marked} marked` : "";
    });
  });
  all("[data-copy]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).innerText);
      button.textContent = "Copied";
    });
  });

  if (document.documentElement.dataset.keys === "off") return;
  const typing = (where) => where.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
  const handle = (row) => (row.matches("a, button") ? row : row.querySelector("[data-open]") || row.querySelector("a, button, input"));
  const shown = () => all("[data-row]").filter((row) => row.offsetParent);
  const step = (by) => {
    const rows = shown();
    if (!rows.length) return;
    const at = rows.findIndex((row) => row.contains(document.activeElement));
    const to = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + by, 0), rows.length - 1)];
    const held = handle(to);
    if (held) held.focus();
    to.scrollIntoView({ block: "nearest" });
  };
  const press = (what) => {
    const found = document.querySelector(what);
    if (found) found.click();
    return Boolean(found);
  };

  /* A key of the row one is in: x marks it, c takes it. */
  const inRow = (key) => {
    const row = shown().find((one) => one.contains(document.activeElement));
    const found = row && row.querySelector(`[data-row-key="${CSS.escape(key)}"]`);
    if (found) found.click();
    return Boolean(found);
  };

  let going = 0;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typing(event.target)) return;
    if (help && help.open) return;
    const gone = event.timeStamp - going < 1500;
    going = 0;
    if (gone && press(`[data-go="${CSS.escape(event.key)}"]`)) return event.preventDefault();
    if (event.key === "g") going = event.timeStamp;
    else if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "n") press("[data-next]");
    else if (event.key === "?" && help) help.showModal();
    else if (event.key === "/" && document.querySelector("[data-search]")) {
      document.querySelector("[data-search]").focus();
      event.preventDefault();
    } else if (!inRow(event.key)) press(`[data-key="${CSS.escape(event.key)}"]`);
  });
})();
