/* The chosen language: kept in a cookie that the server reads, then the page comes anew. */
(() => {
  "use strict";
  document.addEventListener("click", (event) => {
    const button = event.target.closest("#shell-language [data-language]");
    if (!button || button.getAttribute("aria-pressed") === "true") return;
    const secure = window.location.protocol === "https:" ? "; secure" : "";
    document.cookie = `somnia_language=${button.dataset.language}; path=/; max-age=31536000; samesite=lax${secure}`;
    window.location.reload();
  });
})();
