/* A doctor's scoring in the browser: cursor, keys, undo, events, tour. Every change is sent to be kept; nothing stays here. */
(() => {
  "use strict";
  const DIGITS = { w: "1", r: "5", 1: "2", 2: "3", 3: "4", x: "0" };
  const ZOOMS = [30, 120, 300, 600, 1800, 7200];
  const HUES = { OA: "level-high", CA: "level-high", MA: "level-high", H: "level-moderate", DS: "spo2", SN: "snore", AR: "stage-w", LM: "movement", MV: "movement", BR: "heart", TA: "heart", IR: "heart", NS: "room", LT: "room" };
  let s = null, chart = null, saving = 0, asking = 0, drag = null;
  const $ = (id) => document.getElementById(id);
  const set = (id, props) => window.dash_clientside.set_props(id, props);

  const fresh = (data) => ({
    data, n: data.n, end: data.n * 30, stages: [...data.mine.stages], events: data.own_events.map((e) => e.slice(0, 3)), comments: data.comments.map((c) => [...c]),
    off: data.own_lights.off, on: data.own_lights.on, cursor: 0, anchor: null, chosen: -1, from: 0, to: data.n * 30, past: [], future: [], stop: -1, measuring: false,
    signals: data.signals.map((one) => ({ ...one, times: window.somniaReview.numbers(one.times), values: window.somniaReview.numbers(one.values) })),
    full: {}, chances: data.p ? window.somniaReview.numbers(data.p.values) : null,
    hue: (kind) => HUES[kind] || "level-none",
    apart: (i) => data.lanes.length > 0 && same(s.stages[i]) !== same(data.lanes[0].stages[i]),
    clock, local,
  });
  /* N1 and N2 are both light to a scorer that knows light sleep only. */
  const same = (digit) => (s.data.lanes[0].stages.includes("6") && (digit === "2" || digit === "3") ? "6" : digit);
  const local = (second) => {
    let offset = 0;
    for (const [from, by] of s.data.offsets) if (second >= from) offset = by;
    return (s.data.start_ms ?? 0) / 1000 + second + offset;
  };
  const clock = (second, fine) => {
    if (s.data.start_ms === null) return `+${Math.floor(second / 3600)}:${String(Math.floor(second / 60) % 60).padStart(2, "0")}`;
    return new Date(local(second) * 1000).toISOString().slice(11, fine ? 19 : 16);
  };

  const draw = () => { if (chart) requestAnimationFrame(() => { chart.draw(); say(); }); };
  const say = () => {
    const i = s.cursor, d = s.data, out = $("review-readout");
    if (!out) return;
    const parts = [clock(i * 30, true), `${d.words.epoch} ${i + 1}/${s.n}`, `${d.words.mine}: ${d.names[s.stages[i]]}`];
    d.lanes.forEach((lane) => parts.push(`${lane.label}: ${d.names[lane.stages[i]]}`));
    if (d.p) {
      const k = d.p.classes.length, sure = Math.max(...s.chances.slice(i * k, i * k + k));
      if (sure !== 255) parts.push(`${d.words.sure}: ${sure} %`);
    }
    s.comments.filter(([at]) => Math.floor(at / 30) === i).forEach(([, text]) => parts.push(`“${text}”`));
    out.replaceChildren(...parts.map((text) => Object.assign(document.createElement("span"), { textContent: text })));
    document.querySelectorAll(".stage-button").forEach((b) => b.setAttribute("aria-pressed", String(b.dataset.stage === s.stages[i])));
    if (chart) chart.canvas.dataset.cursor = String(i);
  };
  const list = () => {
    const place = $("review-list"), d = s.data;
    if (!place) return;
    const make = (tag, text, more = {}) => Object.assign(document.createElement(tag), { textContent: text, ...more });
    if (!s.events.length) { place.replaceChildren(make("p", d.words.none, { className: "muted" })); return; }
    const body = document.createElement("tbody");
    s.events.forEach(([kind, onset, length], i) => {
      const row = make("tr", "", { className: `event-row${i === s.chosen ? " event-chosen" : ""}`, tabIndex: 0 });
      row.dataset.event = String(i);
      row.append(make("td", clock(onset, true)), make("td", d.kinds[kind] || kind), make("td", `${length.toFixed(1)} ${d.words.seconds}`));
      body.append(row);
    });
    const table = make("table", "", { className: "plain-table" });
    table.append(body);
    place.replaceChildren(table);
    const row = place.querySelector(".event-chosen");
    if (row) place.scrollTop = row.offsetTop - place.clientHeight / 2;
  };

  const picture = () => ({ stages: s.stages.join(""), events: s.events.map((e) => [...e]), comments: s.comments.map((c) => [...c]), off: s.off, on: s.on });
  const back = (was) => { s.stages = [...was.stages]; s.events = was.events; s.comments = was.comments; s.off = was.off; s.on = was.on; s.chosen = -1; kept(); };
  const kept = () => {
    draw();
    list();
    set("review-unsaved", { hidden: false });
    clearTimeout(saving);
    saving = setTimeout(() => { saving = 0; set("review-marks", { data: picture() }); }, 500);
  };
  const change = (act) => {
    s.past.push(picture());
    if (s.past.length > 200) s.past.shift();
    s.future = [];
    act();
    kept();
  };
  /* What is signed is what stands here: a button of the signature waits until the last change is kept. */
  const kept_all = () => !saving && $("review-unsaved")?.hidden !== false;
  const after = (button, tries) => setTimeout(() => (kept_all() || !tries ? button.isConnected && button.click() : after(button, tries - 1)), tries === 60 ? 300 : 150);
  const flush = () => { if (saving) { clearTimeout(saving); saving = 0; set("review-marks", { data: picture() }); } };

  const look = (from, to) => {
    const wide = Math.min(Math.max(to - from, 30), s.end);
    s.from = Math.min(Math.max(from, 0), s.end - wide);
    s.to = s.from + wide;
    draw();
    clearTimeout(asking);
    if (wide <= s.data.full_s) asking = setTimeout(() => set("review-window", { data: [Math.max(0, s.from - wide / 2), Math.min(s.end, s.to + wide / 2)] }), 150);
    else s.full = {};
  };
  const go = (i, { select = false } = {}) => {
    const to = Math.min(Math.max(i, 0), s.n - 1);
    s.anchor = select ? s.anchor ?? s.cursor : null;
    s.cursor = to;
    const at = to * 30, wide = s.to - s.from;
    if (at < s.from || at + 30 > s.to) look(at - wide / 2, at + wide / 2);
    else draw();
  };
  const zoom = (by) => {
    const wide = s.to - s.from, sizes = [...ZOOMS.filter((z) => z < s.end), s.end];
    const next = by < 0 ? [...sizes].reverse().find((z) => z < wide - 1) : sizes.find((z) => z > wide + 1);
    const mid = s.cursor * 30 + 15;
    if (next) look(mid - next / 2, mid + next / 2);
  };
  const score = (digit) => {
    const a = Math.min(s.cursor, s.anchor ?? s.cursor), b = Math.max(s.cursor, s.anchor ?? s.cursor);
    change(() => { for (let i = a; i <= b; i += 1) s.stages[i] = digit; });
    go(b + 1);
  };
  const tour = (by) => {
    const stops = s.data.tour;
    if (!stops.length) return;
    s.stop = Math.min(Math.max(s.stop + by, 0), stops.length - 1);
    if (s.to - s.from > 1800) look(stops[s.stop] * 30 - 285, stops[s.stop] * 30 + 315);
    go(stops[s.stop]);
  };
  const apart = () => {
    for (let step = 1; step <= s.n; step += 1) {
      const i = (s.cursor + step) % s.n;
      if (s.apart(i)) { go(i); return; }
    }
  };
  const kind = () => $("review-kind")?.value || "OA";
  const pick = (i) => {
    s.chosen = i;
    if (i >= 0) { go(Math.floor(s.events[i][1] / 30)); }
    list();
    draw();
  };
  const ACTS = {
    undo: () => { if (s.past.length) { s.future.push(picture()); back(s.past.pop()); } },
    redo: () => { if (s.future.length) { s.past.push(picture()); back(s.future.pop()); } },
    tour: () => tour(1), earlier: () => tour(-1), apart, in: () => zoom(-1), out: () => zoom(1), whole: () => look(0, s.end),
    ruler: () => { s.measuring = !s.measuring; if (chart) { chart.ruler = null; chart.canvas.classList.toggle("measuring", s.measuring); } draw(); },
    add: () => change(() => { s.events.push([kind(), s.cursor * 30, 15]); s.events.sort((a, b) => a[1] - b[1]); s.chosen = s.events.findIndex((e) => e[1] === s.cursor * 30 && e[2] === 15 && e[0] === kind()); }),
    delete: () => { if (s.chosen >= 0) change(() => { s.events.splice(s.chosen, 1); s.chosen = -1; }); },
    retype: () => { if (s.chosen >= 0) change(() => { s.events[s.chosen][0] = kind(); }); },
    comment: () => {
      const text = window.prompt(s.data.words.comment, "");
      if (text?.trim()) change(() => { s.comments.push([s.cursor * 30, text.trim().slice(0, 1000)]); });
    },
    off: () => change(() => { s.off = s.cursor * 30; }), on: () => change(() => { s.on = s.cursor * 30 + 30; }),
  };

  const mount = (data, wait = 0) => {
    const canvas = $("review-canvas");
    if (!canvas) { if (wait < 100) setTimeout(() => mount(data, wait + 1), 50); return; }
    s = fresh(data);
    chart = new window.somniaReview.Chart(canvas, s);
    new ResizeObserver(draw).observe(canvas.parentElement);
    list();
    draw();
    document.documentElement.dataset.review = "ready";
  };
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    somnia_review: {
      load(data) {
        if (data) setTimeout(() => mount(data), 0);
        return Boolean(data);
      },
      signals(found) {
        if (found && s) {
          s.full = {};
          for (const one of found) s.full[one.key] = { ...one, values: window.somniaReview.numbers(one.values) };
          draw();
        }
        return window.dash_clientside.no_update;
      },
    },
  });

  const place = (event) => {
    const box = chart.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  document.addEventListener("pointerdown", (event) => {
    if (!chart || event.target !== chart.canvas) return;
    const { x, y } = place(event), lane = chart.lane(y);
    if (x < window.somniaReview.LEFT) return;
    const at = chart.second(x);
    if (s.measuring) { drag = { what: "ruler" }; chart.ruler = { from: at, to: at, y }; }
    else if (lane?.name === "strip") {
      const middle = ((x - window.somniaReview.LEFT) / chart.wide) * s.end, wide = s.to - s.from;
      look(middle - wide / 2, middle + wide / 2);
      go(Math.floor(middle / 30));
    } else if (lane?.name === "own") {
      const near = ((s.to - s.from) / chart.wide) * 5;
      const i = s.events.findIndex(([, onset, length]) => at >= onset - near && at <= onset + length + near);
      pick(i);
      if (i >= 0) drag = { what: at > s.events[i][1] + s.events[i][2] - near ? "length" : "move", i, at, was: picture(), moved: false };
    } else { go(Math.floor(at / 30), { select: event.shiftKey }); drag = { what: "select" }; }
    if (drag) chart.canvas.setPointerCapture(event.pointerId);
    draw();
  });
  document.addEventListener("pointermove", (event) => {
    if (!drag || !chart) return;
    const at = Math.min(Math.max(chart.second(place(event).x), 0), s.end - 1);
    if (drag.what === "ruler") chart.ruler.to = at;
    else if (drag.what === "select") { if (Math.floor(at / 30) !== s.cursor) go(Math.floor(at / 30), { select: true }); }
    else {
      const found = s.events[drag.i], was = drag.was.events[drag.i];
      drag.moved = true;
      if (drag.what === "move") found[1] = Math.max(0, was[1] + at - drag.at);
      else found[2] = Math.max(1, at - found[1]);
    }
    draw();
  });
  document.addEventListener("pointerup", () => {
    if (drag?.moved) {
      const one = s.events[drag.i];
      s.past.push(drag.was);
      s.events.sort((a, b) => a[1] - b[1]);
      s.chosen = s.events.indexOf(one);
      kept();
    }
    drag = null;
  });
  document.addEventListener("click", (event) => {
    if (!chart?.canvas.isConnected) return;
    const stage = event.target.closest("[data-stage]"), act = event.target.closest("[data-act]"), row = event.target.closest("[data-event]");
    if (stage) score(stage.dataset.stage);
    else if (act) ACTS[act.dataset.act]?.();
    else if (row) pick(Number(row.dataset.event));
    const says = event.target.closest('[id*="review-do"]');
    if (says && !kept_all()) {
      event.preventDefault();
      event.stopImmediatePropagation();
      flush();
      after(says, 60);
    }
  }, true);
  const press = (act) => document.querySelector(`[id*='"act":"${act}"'][id*="review-do"]`)?.click();
  document.addEventListener("keydown", (event) => {
    if (!chart?.canvas.isConnected) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { press("sign"); event.preventDefault(); return; }
    const typing = event.target.closest("input, select, textarea, summary");
    if (typing) { if (event.key === "Escape") document.activeElement.blur(); return; }
    if (event.altKey || ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() !== "z")) return;
    const key = event.key.toLowerCase(), shift = event.shiftKey;
    if (key === "enter") { const row = event.target.closest("[data-event]"); if (row) pick(Number(row.dataset.event)); return; }
    if (key === "z") ACTS[shift ? "redo" : "undo"]();
    else if (key in DIGITS) score(DIGITS[key]);
    else if (key === "arrowright") go(s.cursor + 1, { select: shift });
    else if (key === "arrowleft") go(s.cursor - 1, { select: shift });
    else if (key === "pagedown") go(s.cursor + 10);
    else if (key === "pageup") go(s.cursor - 10);
    else if (key === "home") go(0);
    else if (key === "end") go(s.n - 1);
    else if (key === "n") tour(shift ? -1 : 1);
    else if (key === "d") apart();
    else if (key === "+" || key === "=") zoom(-1);
    else if (key === "-") zoom(1);
    else if (key === "0") ACTS.whole();
    else if (key === "m") ACTS.ruler();
    else if (key === "e") ACTS.add();
    else if (key === "t") ACTS.retype();
    else if (key === "delete" || key === "backspace") ACTS.delete();
    else if (key === "c") ACTS.comment();
    else if (key === "o") ACTS[shift ? "on" : "off"]();
    else if (key === "g") document.querySelector('[id*="review-said"]')?.focus();
    else return;
    event.preventDefault();
  });
  window.addEventListener("somnia-theme", draw);
  window.addEventListener("beforeunload", flush);
})();
