/* The night page: colors of the theme, one cursor through all lanes, keys, zoom history, jumps. */
(() => {
  "use strict";
  const CHART = "night-chart";
  let cursor = null;
  let zooms = [];
  let own = false;
  let waiting = null;

  const graph = () => document.querySelector(`#${CHART} .js-plotly-plot`);
  const meta = () => graph()?.layout?.meta;
  const style = () => getComputedStyle(document.documentElement);

  const resolve = (value, css) => {
    const match = /^var\((--[\w-]+)\)(?:\/([\d.]+))?$/.exec(value);
    if (!match) return value;
    const color = css.getPropertyValue(match[1]).trim();
    if (!match[2]) return color;
    const n = parseInt(color.slice(1), 16);
    return `rgba(${n >> 16},${(n >> 8) & 255},${n & 255},${match[2]})`;
  };
  const dressed = (node, css) => {
    if (typeof node === "string") return node.startsWith("var(") ? resolve(node, css) : node;
    if (Array.isArray(node)) return node.length && typeof node[0] === "number" ? node : node.map((part) => dressed(part, css));
    if (node && typeof node === "object") return Object.fromEntries(Object.entries(node).map(([key, part]) => [key, key === "meta" ? part : dressed(part, css)]));
    return node;
  };

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    somnia_night: {
      dress(figure) {
        if (!figure) return window.dash_clientside.no_update;
        const ready = dressed(figure, style());
        if (window.innerWidth < 640) Object.assign(ready.layout.margin, { l: 58, r: 6 });
        setTimeout(wire, 60);
        return ready;
      },
    },
  });

  const offsetAt = (second) => {
    let found = 0;
    for (const [from, offset] of meta().offsets) if (second >= from) found = offset;
    return found;
  };
  const clock = (second) => {
    const m = meta();
    if (m.start_ms === null) return `+${Math.floor(second / 3600)}:${String(Math.floor(second / 60) % 60).padStart(2, "0")}`;
    return new Date(m.start_ms + (second + offsetAt(second)) * 1000).toISOString().slice(11, 16);
  };

  const day = (second) => {
    const local = new Date(meta().start_ms + (second + offsetAt(second)) * 1000);
    const lang = document.documentElement.lang || "en";
    return local.toLocaleDateString(lang === "en" ? "en-GB" : lang, { day: "numeric", month: "short", timeZone: "UTC" });
  };

  const say = (second) => {
    const m = meta();
    const out = document.getElementById("night-readout");
    if (!m || !out) return;
    const i = Math.min(Math.floor(second / m.epoch_s), Math.round(m.duration_s / m.epoch_s) - 1);
    const parts = [clock(second)];
    if (m.stages) parts.push(m.names[m.stages[i]] + (m.sure && m.sure[i] !== null && m.sure[i] !== undefined ? ` (${m.sure[i]} %)` : ""));
    for (const column of m.columns) parts.push(`${column.label} ${column.values[i] ?? "–"}`);
    out.replaceChildren(...parts.map((part) => Object.assign(document.createElement("span"), { textContent: part })));
    const scrubber = document.getElementById("night-scrubber");
    if (scrubber && document.activeElement !== scrubber) scrubber.value = String(i);
  };

  const draw = () => {
    const gd = graph();
    if (!gd || !gd._fullLayout) return;
    let line = gd.querySelector(".night-cursor");
    if (!line) {
      line = Object.assign(document.createElement("div"), { className: "night-cursor" });
      gd.appendChild(line);
    }
    const axis = gd._fullLayout.xaxis;
    const x = cursor === null ? -1 : axis.l2p(cursor);
    line.hidden = cursor === null || x < 0 || x > axis._length;
    line.style.transform = `translateX(${axis._offset + x}px)`;
    document.getElementById(CHART).dataset.cursor = cursor === null ? "" : String(Math.round(cursor));
  };

  const moveTo = (second) => {
    const m = meta();
    if (!m) return;
    cursor = Math.max(0, Math.min(second, m.duration_s - 1));
    draw();
    say(cursor);
  };

  const ticks = (from, to) => {
    const step = [60, 300, 600, 900, 1800, 3600, 7200].find((s) => (to - from) / s <= (window.innerWidth < 640 ? 5 : 10)) || 7200;
    const m = meta();
    const base = m.start_ms === null ? 0 : m.start_ms / 1000;
    const vals = [];
    for (let at = from; at <= to; ) {
      const local = base + at + offsetAt(at);
      const ahead = (step - (local % step)) % step;
      if (ahead < 1e-6) { vals.push(at); at += step; } else at += ahead;
    }
    const labels = vals.map((at, i) => clock(at) + (m.start_ms !== null && day(at) !== day(i ? vals[i - 1] : from) ? `<br>${day(at)}` : ""));
    return { "xaxis.tickvals": vals, "xaxis.ticktext": labels };
  };
  const zoomTo = (from, to, remember = true) => {
    const gd = graph();
    const m = meta();
    if (!gd || !m) return;
    if (remember) zooms.push([...gd._fullLayout.xaxis.range]);
    const a = Math.max(0, from), b = Math.min(m.duration_s, to);
    own = true;
    window.Plotly.relayout(gd, { "xaxis.range": [a, b], ...ticks(a, b) }).then(() => { own = false; draw(); });
  };
  const zoomBack = () => {
    const m = meta();
    const [from, to] = zooms.pop() || [0, m.duration_s];
    zoomTo(from, to, false);
  };

  const wire = () => {
    const gd = graph();
    if (!gd || !gd.on || !gd._fullLayout) { setTimeout(wire, 120); return; }
    draw();
    if (gd.dataset.wired) return;
    gd.dataset.wired = "1";
    let before = [...gd._fullLayout.xaxis.range];
    const second = (event) => {
      const axis = gd._fullLayout.xaxis;
      return axis.p2l(event.clientX - gd.getBoundingClientRect().left - axis._offset);
    };
    gd.addEventListener("pointermove", (event) => {
      const at = second(event);
      const [from, to] = gd._fullLayout.xaxis.range;
      if (at >= from && at <= to) moveTo(at);
    });
    gd.addEventListener("pointerdown", (event) => { if (event.pointerType !== "mouse") moveTo(second(event)); });
    gd.on("plotly_relayout", (change) => {
      if (own) { before = [...gd._fullLayout.xaxis.range]; return; }
      if (change["xaxis.range[0]"] !== undefined) {
        zooms.push(before);
        before = [change["xaxis.range[0]"], change["xaxis.range[1]"]];
        own = true;
        window.Plotly.relayout(gd, ticks(...before)).then(() => { own = false; draw(); });
      } else draw();
    });
    gd.on("plotly_doubleclick", () => { zoomBack(); return false; });
    const m = meta();
    own = true;
    window.Plotly.relayout(gd, ticks(...gd._fullLayout.xaxis.range)).then(() => { own = false; });
    if (cursor === null && m) moveTo(m.duration_s / 2);
    new ResizeObserver(draw).observe(gd);
    if (waiting?.isConnected) jump(waiting);
    waiting = null;
  };

  const jump = (row) => {
    if (!graph()?.dataset.wired) { waiting = row; return; }
    const at = Number(row.dataset.onset);
    zoomTo(at - 300, at + 300);
    moveTo(at);
    document.getElementById(CHART)?.scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("click", (event) => {
    const row = event.target.closest(".event-row[data-onset]");
    if (row) jump(row);
    if (event.target.closest("#night-zoom-out")) zoomBack();
    if (event.target.closest("#night-keys-button")) document.getElementById("night-keys")?.toggleAttribute("hidden");
  });
  document.addEventListener("input", (event) => {
    if (event.target.id === "night-scrubber") moveTo(Number(event.target.value) * meta().epoch_s);
  });
  document.addEventListener("keydown", (event) => {
    if (!graph() || event.ctrlKey || event.metaKey || event.altKey) return;
    const row = event.target.closest?.(".event-row[data-onset]");
    if (row && event.key === "Enter") { jump(row); return; }
    if (event.target.closest?.("input, select, textarea, button, summary, [role=tab]")) return;
    const step = meta().epoch_s * (event.shiftKey ? 10 : 1);
    if (event.key === "ArrowRight") moveTo((cursor ?? 0) + step);
    else if (event.key === "ArrowLeft") moveTo((cursor ?? 0) - step);
    else if (event.key === "Escape") zoomBack();
    else if (event.key === "+") { const [a, b] = graph()._fullLayout.xaxis.range, c = cursor ?? (a + b) / 2; zoomTo(c - (b - a) / 4, c + (b - a) / 4); }
    else if (event.key === "?") document.getElementById("night-keys")?.toggleAttribute("hidden");
    else return;
    event.preventDefault();
  });
  window.addEventListener("somnia-theme", () => window.dash_clientside.set_props?.("night-theme", { data: Date.now() }));
  new MutationObserver(() => { if (!graph()) { cursor = null; zooms = []; } }).observe(document.documentElement, { childList: true, subtree: true });
})();
