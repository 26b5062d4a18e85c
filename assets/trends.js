/* The trends page: its figures in the colors of the theme, on arrival and whenever the theme changes. */
(() => {
  "use strict";
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    somnia_trends: {
      dress(figures) {
        const none = window.dash_clientside.no_update;
        return figures ? window.dash_clientside.somnia_night.paint(figures) : [none, none, none];
      },
    },
  });
  window.addEventListener("somnia-theme", () => {
    if (document.getElementById("trends-body")) window.dash_clientside.set_props?.("trends-theme", { data: Date.now() });
  });
})();
