/* A clinic's display: turns three beds a view, dims at night, says when the server is away, and starts again by itself when it is back. */
(() => {
  "use strict";
  const BEDS = 3;
  const VIEW_MS = 12000;
  const ASK_MS = 5000;
  const ANSWER_MS = 4000;
  const NIGHT_FROM = 22;
  const NIGHT_UNTIL = 6;
  const AWAKE_MS = 30000;
  let away = null;
  let touched = -AWAKE_MS;
  let asked = 0;

  const clock = (at) => at.toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hour12: false });

  const turn = (screen, now) => {
    const beds = [...screen.querySelectorAll(".bed")];
    const views = Math.max(1, Math.ceil(beds.length / BEDS));
    const view = Math.floor(now / VIEW_MS) % views;
    beds.forEach((bed, place) => {
      bed.hidden = Math.floor(place / BEDS) !== view;
      if (Number(bed.dataset.staleAt) <= now) bed.classList.add("bed-stale");
    });
    const notes = [...screen.querySelectorAll(".kiosk-notes > p")];
    notes.forEach((note, place) => { note.hidden = place !== Math.floor(now / VIEW_MS) % notes.length; });
    screen.querySelector(".kiosk-turn").textContent = views > 1 ? `${view + 1} / ${views}` : "";
  };

  const ask = async () => {
    let status = 0;
    try {
      status = (await fetch("/still/display", { cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS) })).status;
    } catch {
      status = 0; // the server or the network is away
    }
    if (status === 204 && away === null) return;
    if (status === 204 || status === 401 || status === 404) location.reload(); // it is back, or the display was taken down
    else away ??= new Date();
  };

  setInterval(() => {
    const screen = document.querySelector(".kiosk");
    if (!screen) return;
    const now = new Date();
    document.documentElement.dataset.theme = "dark";
    const night = now.getHours() >= NIGHT_FROM || now.getHours() < NIGHT_UNTIL;
    screen.classList.toggle("kiosk-night", night && performance.now() - touched > AWAKE_MS);
    screen.classList.toggle("kiosk-lost", away !== null);
    screen.querySelector(".kiosk-clock").textContent = clock(now);
    screen.querySelector(".kiosk-away").hidden = away === null;
    if (away) screen.querySelector(".kiosk-since").textContent = clock(away);
    for (const since of screen.querySelectorAll(".bed-since")) since.textContent = clock(new Date(Number(since.dataset.at)));
    turn(screen, now.getTime());
    if (performance.now() - asked < ASK_MS) return;
    asked = performance.now();
    ask();
  }, 500);
  for (const what of ["pointerdown", "keydown"]) addEventListener(what, () => { touched = performance.now(); });
})();
