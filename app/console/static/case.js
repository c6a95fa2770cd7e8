/* The graph begins with its account in view, where it is wider than the screen; and the time left is kept true while the
   page is open: without a script it is what it was when the page was made. */
(() => {
  "use strict";
  const box = document.querySelector(".graph-box");
  const centre = box && box.querySelector(".node.centre");
  if (centre) box.scrollLeft = centre.getBoundingClientRect().left - box.getBoundingClientRect().left - box.clientWidth / 2;
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
