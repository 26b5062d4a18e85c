/* The worklist: how its cells are drawn, and its keys. What is said stands in the rows; here are shapes only. */
(() => {
  "use strict";
  const GRID = "worklist-grid";
  const TOKENS = { 1: "w", 2: "n1", 3: "n2", 4: "n3", 5: "r", 6: "n2", 7: "n2", 8: "n2", 9: "n1" };
  const TALL = { 1: 0.3, 2: 0.62, 3: 0.78, 4: 1, 5: 0.55, 6: 0.75, 7: 0.75, 8: 0.78, 9: 0.6 };
  const cells = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  const make = (...parts) => window.React.createElement(...parts);

  cells.WorklistRibbon = ({ value, data }) => {
    if (!value) return make("span", { className: "muted" }, "–");
    const height = 22;
    const bars = [...value].map((digit, i) => {
      const tall = (TALL[digit] || 0.12) * height;
      return make("rect", { key: i, x: i, y: height - tall, width: 1.02, height: tall, className: `bar-${TOKENS[digit] || "none"}` });
    });
    return make("svg", { viewBox: `0 0 ${value.length} ${height}`, preserveAspectRatio: "none", className: "worklist-ribbon", shapeRendering: "crispEdges", role: "img", "aria-label": data.asleep_said }, bars);
  };
  const mark = (tone, text) => text && make("span", { className: `mark-word mark-${tone}` }, make("i", { "aria-hidden": true }), text);
  cells.WorklistMark = ({ value, data, colDef }) => mark(data[`${colDef.field}_tone`], value) || null;
  cells.WorklistNight = ({ data }) => data.night_said;
  cells.WorklistAge = ({ data }) => data.age_said;
  cells.WorklistAsleep = ({ data }) => data.asleep_said;
  cells.WorklistFlags = ({ data }) =>
    data.flags.map(([shape, level, name], i) => make("span", { key: i, className: `grid-flag grid-flag-${level}` }, make("b", { "aria-hidden": true }, shape), name));

  const api = () => (document.getElementById(GRID) ? window.dash_ag_grid?.getApi(GRID) : null);
  const chosen = (grid) => grid.getSelectedNodes()[0];
  const choose = (grid, index) => {
    const node = grid.getDisplayedRowAtIndex(index);
    if (!node) return;
    node.setSelected(true, true);
    grid.ensureIndexVisible(index);
  };
  const step = (grid, by) => {
    const now = chosen(grid);
    choose(grid, now && now.rowIndex !== null ? now.rowIndex + by : 0);
  };
  const go = (grid, part, name) => {
    const node = chosen(grid) || grid.getDisplayedRowAtIndex(0);
    if (node?.data?.[name]) location.assign(`/${part}/${encodeURIComponent(node.data[name])}`);
  };
  document.addEventListener("input", (event) => {
    if (event.target.id === "worklist-find") api()?.setGridOption("quickFilterText", event.target.value);
  });
  document.addEventListener("keydown", (event) => {
    const grid = api();
    if (!grid || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.id === "worklist-find" && (event.key === "Enter" || event.key === "Escape")) {
      document.activeElement.blur();
      choose(grid, 0);
      event.preventDefault();
      return;
    }
    if (event.target.closest("input, select, textarea, summary, a, .ag-popup, .ag-header")) return;
    if (event.target.closest("button") && event.key === "Enter") return;
    const key = event.key.toLowerCase();
    if (key === "j" || event.key === "ArrowDown") step(grid, 1);
    else if (key === "k" || event.key === "ArrowUp") step(grid, -1);
    else if (event.key === "Enter") go(grid, "review", "night_id");
    else if (key === "p") go(grid, "patient", "patient");
    else if (event.key === "/") document.getElementById("worklist-find")?.focus();
    else if (/^[1-9]$/.test(event.key)) document.querySelector(`.chip-button[data-view="${event.key}"]`)?.click();
    else return;
    event.preventDefault();
  });
})();
