/* The night page: colors of the theme, folded lanes, one cursor through all lanes, keys, zoom history, jumps, the list of events. */
(() => {
  "use strict";
  const CHART = "night-chart";
  let cursor = null;
  let zooms = [];
  let own = false;
  let waiting = null;
  let latest = null;
  let asking = 0;
  let fine = false;

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

  /* Lanes: which are folded is remembered; a folded one keeps its head and gives its height away. */
  const FOLDED = "somnia-folded-lanes";
  const folded = () => { try { return new Set(JSON.parse(localStorage.getItem(FOLDED) || "[]")); } catch { return new Set(); } };
  const fold = (key) => {
    const keys = folded();
    if (!keys.delete(key)) keys.add(key);
    try { localStorage.setItem(FOLDED, JSON.stringify([...keys])); } catch { /* a browser that keeps nothing: the fold is for now */ }
    window.dash_clientside.set_props("night-theme", { data: Date.now() });
  };
  const stacked = (figure) => {
    const { data, layout } = figure;
    const shut = new Set(layout.meta.lanes.filter((lane) => folded().has(lane.key)).map((lane) => lane.axis));
    if (!shut.size) return figure;
    const gap = layout.meta.gap;
    const { t, b } = layout.margin;
    const total = layout.meta.lanes.reduce((sum, lane) => sum + gap + (shut.has(lane.axis) ? 1 : lane.height), 0);
    layout.height = total + t + b;
    let top = 0;
    layout.meta.lanes.forEach((lane, i) => {
      top += i ? gap : gap - 8;
      const height = shut.has(lane.axis) ? 1 : lane.height;
      const axis = layout[`yaxis${lane.axis.slice(1)}`];
      axis.domain = [Math.max(0, 1 - (top + height) / total), Math.min(1, 1 - top / total)];
      if (shut.has(lane.axis)) axis.visible = false;
      top += height;
    });
    for (const trace of data) if (shut.has(trace.yaxis)) trace.visible = false;
    layout.shapes = layout.shapes.filter((shape) => !shut.has(String(shape.yref).split(" ")[0]));
    return figure;
  };
  const numbers = ({ from, none, dtype, bdata }) => {
    const bytes = Uint8Array.from(atob(bdata), (letter) => letter.charCodeAt(0));
    return Array.from(dtype === "u1" ? bytes : new Uint16Array(bytes.buffer), (n) => (n === none ? null : from + n));
  };
  const readable = (layout) => {
    const m = layout.meta;
    for (const column of m.columns) column.values = numbers(column.values);
    if (m.sure) m.sure = numbers(m.sure);
  };
  const cell = (label, children) => ({ namespace: "dash_html_components", type: "Td", props: { children, "data-label": label } });
  const element = (type, props) => ({ namespace: "dash_html_components", type, props });

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    somnia_night: {
      paint(figures) {
        return figures.map((figure) => dressed(figure, style()));
      },
      dress(figure) {
        if (!figure) return window.dash_clientside.no_update;
        const ready = stacked(dressed(figure, style()));
        ready.layout.meta = { ...figure.layout.meta, columns: figure.layout.meta.columns.map((column) => ({ ...column })) };
        readable(ready.layout);
        if (window.innerWidth < 640) Object.assign(ready.layout.margin, { l: 58, r: 6 });
        const now = graph()?._fullLayout?.xaxis?.range;
        if (now && zooms.length) {
          ready.layout.xaxis.range = [...now];
          latest = now;
        }
        setTimeout(wire, 60);
        return ready;
      },
      heads(said) {
        if (!said) return window.dash_clientside.no_update;
        setTimeout(place, 0);
        return said.heads.map(({ key, title, note }) => {
          const arrow = element("Span", { children: "▾", className: "lane-arrow", "aria-hidden": "true" });
          const name = element("Span", { children: title, className: "lane-title" });
          const open = element("Button", { children: [arrow, name], className: "lane-fold", title: said.fold, "aria-expanded": "true" });
          const lines = note.map((line) => element("P", { children: line }));
          const more = element("Div", { children: lines, className: "lane-more" });
          const sign = element("Summary", { children: "i", title: said.about, "aria-label": `${said.about} ${title}` });
          const about = element("Details", { children: [sign, more], className: "lane-about" });
          return element("Div", { children: [open, about], className: "lane-head", "data-lane": key });
        });
      },
      list(events) {
        if (!events) return window.dash_clientside.no_update;
        const head = element("Thead", { children: element("Tr", { children: events.head.map((name) => element("Th", { children: name, scope: "col" })) }) });
        const rows = events.rows.map(([kind, onset, time, ...rest]) => {
          const [name, what] = events.kinds[kind];
          const said = events.show.replace("\n", name).replace("\t", time);
          const cells = [time, name, ...rest].map((text, i) => cell(events.head[i], text));
          return element("Tr", { children: cells, className: "event-row", tabIndex: 0, title: what, "data-onset": String(onset), "aria-label": said });
        });
        const table = element("Table", { children: [head, element("Tbody", { children: rows })], className: "plain-table event-table" });
        return element("Div", { children: table, className: "table-scroll", tabIndex: 0 });
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
    if (m.stages) parts.push(m.names[m.stages[i]] + (m.sure && m.sure[i] !== null ? ` (${m.sure[i]} %)` : ""));
    for (const column of m.columns) parts.push(`${column.label} ${column.values[i] === null ? "–" : column.values[i] + column.unit}`);
    out.replaceChildren(...parts.map((part) => Object.assign(document.createElement("span"), { textContent: part })));
    const scrubber = document.getElementById("night-scrubber");
    if (scrubber && document.activeElement !== scrubber) scrubber.value = String(i);
  };

  const place = () => {
    const gd = graph();
    if (!gd?._fullLayout?.meta) return;
    const lanes = new Map(meta().lanes.map((lane) => [lane.key, lane]));
    const shut = folded();
    for (const head of document.querySelectorAll(".lane-head")) {
      const lane = lanes.get(head.dataset.lane);
      const axis = lane && gd._fullLayout[`yaxis${lane.axis.slice(1)}`];
      head.hidden = !axis;
      if (!axis) continue;
      head.style.top = `${axis._offset - 27}px`;
      head.querySelector(".lane-title").textContent = lane.title;
      head.querySelector(".lane-fold").setAttribute("aria-expanded", String(!shut.has(lane.key)));
      head.dataset.placed = "1";
    }
  };
  const draw = () => {
    const gd = graph();
    if (!gd || !gd._fullLayout) return;
    place();
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
  /* Half an hour and more looks the same as drawn for the whole night; less is asked for again, drawn more finely. */
  const finer = () => {
    clearTimeout(asking);
    asking = setTimeout(() => {
      const gd = graph();
      if (!gd?._fullLayout) return;
      const [a, b] = gd._fullLayout.xaxis.range;
      const near = b - a < meta().duration_s / 3;
      if (near || fine) window.dash_clientside.set_props("night-window", { data: near ? [Math.max(0, a - (b - a)), b + (b - a)] : null });
      fine = near;
    }, 400);
  };
  const zoomTo = (from, to, remember = true) => {
    const gd = graph();
    const m = meta();
    if (!gd || !m) return;
    if (remember) zooms.push([...gd._fullLayout.xaxis.range]);
    const a = Math.max(0, from), b = Math.min(m.duration_s, to);
    own = true;
    window.Plotly.relayout(gd, { "xaxis.range": [a, b], ...ticks(a, b) }).then(() => { own = false; draw(); });
    finer();
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
    if (gd.dataset.wired) {
      if (latest) { own = true; window.Plotly.relayout(gd, ticks(...latest)).then(() => { own = false; draw(); }); }
      latest = null;
      return;
    }
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
        finer();
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
    const head = event.target.closest(".lane-fold");
    if (head) fold(head.closest(".lane-head").dataset.lane);
    for (const open of document.querySelectorAll(".lane-about[open]")) if (!open.contains(event.target)) open.open = false;
    const row = event.target.closest(".event-row[data-onset]");
    if (row) jump(row);
    if (event.target.closest("#night-zoom-out")) zoomBack();
    if (event.target.closest("#night-keys-button")) document.getElementById("night-keys")?.toggleAttribute("hidden");
  });
  const shutNotes = () => document.querySelectorAll(".lane-about[open]").forEach((open) => { open.open = false; });
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
    else if (event.key === "Escape") document.querySelector(".lane-about[open]") ? shutNotes() : zoomBack();
    else if (event.key === "+") { const [a, b] = graph()._fullLayout.xaxis.range, c = cursor ?? (a + b) / 2; zoomTo(c - (b - a) / 4, c + (b - a) / 4); }
    else if (event.key === "?") document.getElementById("night-keys")?.toggleAttribute("hidden");
    else return;
    event.preventDefault();
  });
  window.addEventListener("somnia-theme", () => window.dash_clientside.set_props?.("night-theme", { data: Date.now() }));
  new MutationObserver(() => { if (!graph()) { cursor = null; zooms = []; fine = false; } }).observe(document.documentElement, { childList: true, subtree: true });
})();
