/* The chosen language: kept in a cookie that the server reads, then the page comes anew. */
(() => {
  "use strict";
  document.addEventListener("click", (event) => {
    const button = event.target.closest("#shell-language [data-language]");
    if (!button || button.getAttribute("aria-pressed") === "true") return;
    const tls = window.location.protocol === "https:";
    document.cookie = `${tls ? "__Host-" : ""}somnia_language=${button.dataset.language}; path=/; max-age=31536000; samesite=lax${tls ? "; secure" : ""}`;
    window.location.reload();
  });
})();
