/* Light, dark or as the device: kept in this browser, set before the first paint. */
(() => {
  "use strict";
  const KEY = "somnia-theme";
  const ORDER = ["auto", "light", "dark"];
  const media = window.matchMedia("(prefers-color-scheme: dark)");

  const chosen = () => {
    try {
      return ORDER.includes(localStorage.getItem(KEY)) ? localStorage.getItem(KEY) : "auto";
    } catch {
      return "auto";
    }
  };

  const dress = () => {
    const root = document.documentElement;
    const theme = chosen();
    if (theme === "auto") delete root.dataset.theme;
    else root.dataset.theme = theme;
    root.dataset.themeChoice = theme;
    root.dataset.bsTheme = theme === "auto" ? (media.matches ? "dark" : "light") : theme;
    window.dispatchEvent(new CustomEvent("somnia-theme", { detail: root.dataset.bsTheme }));
  };

  dress();
  document.cookie = `somnia_zone=${Intl.DateTimeFormat().resolvedOptions().timeZone}; path=/; max-age=31536000; samesite=lax`;
  media.addEventListener("change", dress);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#shell-theme")) return;
    const next = ORDER[(ORDER.indexOf(chosen()) + 1) % ORDER.length];
    try {
      localStorage.setItem(KEY, next);
    } catch {
      return;
    }
    dress();
  });
})();
