/* The time left, kept true while the page is open. Without a script it is what it was when the page was made. */
(() => {
  "use strict";
  const told = [...document.querySelectorAll("[data-countdown]")];
  if (!told.length) return;
  const span = (ms) => {
    const minutes = Math.floor(ms / 60000);
    if (minutes < 1) return "less than 1 min";
    if (minutes < 120) return `${minutes} min`;
    const hours = Math.floor(minutes / 60);
    return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d`;
  };
  const tick = () =>
    told.forEach((one) => {
      const left = Date.parse(one.dateTime) - Date.now();
      const away = span(Math.abs(left));
      if (one.dataset.countdown === "plain") one.textContent = left > 0 ? away : "no longer";
      else one.textContent = left > 0 ? `in ${away}` : `${away} ago`;
    });
  setInterval(tick, 20000);
})();
