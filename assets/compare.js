/* The compare page: its figure in the colors of the theme, on arrival and whenever the theme changes. */
(() => {
  "use strict";
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    somnia_compare: {
      dress(figure) {
        return figure ? window.dash_clientside.somnia_night.paint([figure])[0] : window.dash_clientside.no_update;
      },
    },
  });
  window.addEventListener("somnia-theme", () => {
    if (document.getElementById("compare-chart")) window.dash_clientside.set_props?.("compare-theme", { data: Date.now() });
  });
})();
