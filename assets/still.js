/* A page that shows another person's data asks every second whether it still may; when not, it leaves. */
setInterval(async () => {
  const page = document.querySelector(".watched[data-still]:not(.watched-over)");
  if (!page) return;
  let status = 0;
  try {
    status = (await fetch(page.dataset.still, { cache: "no-store" })).status;
  } catch {
    return; // the network is away: nothing is known
  }
  if ((status === 404 || status === 401) && page.isConnected) {
    page.classList.add("watched-over");
    location.replace("/ended");
  }
}, 1000);
