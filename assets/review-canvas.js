/* Draws a night for scoring on one canvas: whole-night strip, everybody's stages, chances, signals, events. It keeps nothing. */
(() => {
  "use strict";
  const TOKEN = { 0: "stage-none", 1: "stage-w", 2: "stage-n1", 3: "stage-n2", 4: "stage-n3", 5: "stage-r", 6: "stage-n2", 7: "stage-n2", 8: "stage-n2", 9: "stage-n1" };
  const ROW = { 1: 0, 5: 1, 2: 2, 6: 3, 7: 3, 8: 3, 9: 2, 3: 3, 4: 4 };
  const LEFT = 92, RIGHT = 10;
  const kinds = { f4: Float32Array, u1: Uint8Array, u2: Uint16Array, i2: Int16Array };
  const numbers = ({ dtype, bdata }) => new kinds[dtype](Uint8Array.from(atob(bdata), (c) => c.charCodeAt(0)).buffer);
  const style = () => {
    const found = getComputedStyle(document.documentElement), known = {};
    return (name) => (known[name] ??= found.getPropertyValue(`--${name}`).trim());
  };

  class Chart {
    constructor(canvas, state) {
      Object.assign(this, { canvas, state, pen: canvas.getContext("2d"), lanes: [], ruler: null });
    }
    x(second) {
      const { from, to } = this.state;
      return LEFT + ((second - from) / (to - from)) * this.wide;
    }
    second(x) {
      const { from, to } = this.state;
      return from + ((x - LEFT) / this.wide) * (to - from);
    }
    stack() {
      const { data, signals } = this.state, lanes = [];
      let top = 0;
      const add = (name, tall, more = {}) => { lanes.push({ name, top, tall, ...more }); top += tall + 6; };
      add("strip", 26);
      add("axis", 16);
      add("mine", 76);
      data.lanes.forEach((lane, i) => add("other", 48, { index: i }));
      if (data.p) add("p", 44);
      signals.forEach((signal) => add("signal", 52, { signal }));
      add("own", 24);
      add("events", 18);
      this.lanes = lanes;
      return top;
    }
    size() {
      const tall = this.stack(), wide = this.canvas.parentElement.clientWidth, ratio = window.devicePixelRatio || 1;
      this.wide = Math.max(wide - LEFT - RIGHT, 60);
      if (this.canvas.width !== Math.round(wide * ratio) || this.canvas.height !== Math.round(tall * ratio)) {
        this.canvas.width = Math.round(wide * ratio);
        this.canvas.height = Math.round(tall * ratio);
        this.canvas.style.height = `${tall}px`;
      }
      this.pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      this.pen.clearRect(0, 0, wide, tall);
      this.tall = tall;
    }
    draw() {
      this.color = style();
      this.size();
      this.pen.font = `12px ${getComputedStyle(this.canvas).fontFamily}`;
      this.pen.textBaseline = "middle";
      for (const lane of this.lanes) this[lane.name](lane);
      this.lights();
      this.cursor();
    }
    label(lane, text, strong = false) {
      this.pen.fillStyle = this.color(strong ? "text" : "muted");
      const words = text.length > 13 ? `${text.slice(0, 12)}…` : text;
      this.pen.fillText(words, 2, lane.top + Math.min(lane.tall / 2, 12));
    }
    inside(paint) {
      this.pen.save();
      this.pen.beginPath();
      this.pen.rect(LEFT, 0, this.wide, this.tall);
      this.pen.clip();
      paint();
      this.pen.restore();
    }
    runs(stages, paint) {
      const first = Math.max(Math.floor(this.state.from / 30) - 1, 0), last = Math.min(Math.ceil(this.state.to / 30) + 1, stages.length);
      for (let i = first; i < last; ) {
        let j = i + 1;
        while (j < last && stages[j] === stages[i]) j += 1;
        paint(stages[i], i, j);
        i = j;
      }
    }
    steps(lane, stages) {
      const row = lane.tall / 5;
      this.inside(() => this.runs(stages, (stage, i, j) => {
        const a = this.x(i * 30), b = this.x(j * 30);
        this.pen.fillStyle = this.color(TOKEN[stage]);
        if (stage === "0") this.pen.fillRect(a, lane.top + lane.tall - 3, b - a, 2);
        else {
          const at = lane.top + ROW[stage] * row;
          this.pen.globalAlpha = 0.16;
          this.pen.fillRect(a, at, b - a, lane.top + lane.tall - at);
          this.pen.globalAlpha = 1;
          this.pen.fillRect(a, at + 1, Math.max(b - a, 1), row - 2);
        }
      }));
    }
    strip(lane) {
      const { stages, data, from, to } = this.state, n = stages.length, step = this.wide / n;
      for (let i = 0; i < n; ) {
        let j = i + 1;
        while (j < n && stages[j] === stages[i]) j += 1;
        this.pen.fillStyle = this.color(TOKEN[stages[i]]);
        const tall = { 1: 8, 5: 13, 4: 24, 0: 3 }[stages[i]] || 18;
        this.pen.fillRect(LEFT + i * step, lane.top + 25 - tall, (j - i) * step + 0.3, tall);
        i = j;
      }
      this.pen.fillStyle = this.color("accent");
      for (const at of data.tour) this.pen.fillRect(LEFT + at * step - 1, lane.top, 3, 4);
      const end = n * 30;
      this.pen.strokeStyle = this.color("accent");
      this.pen.lineWidth = 1.5;
      this.pen.strokeRect(LEFT + (from / end) * this.wide, lane.top + 0.5, Math.max(((to - from) / end) * this.wide, 3), lane.tall);
      this.label(lane, data.words.tour);
    }
    axis(lane) {
      const { from, to } = this.state, most = this.wide < 420 ? 4 : 9;
      const step = [5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200].find((s) => (to - from) / s <= most) || 7200;
      this.pen.fillStyle = this.color("muted");
      this.pen.textAlign = "center";
      const local = this.state.local(from), first = from + ((step - (local % step)) % step);
      for (let at = first; at <= to; at += step) {
        const x = this.x(at);
        if (x < LEFT + 14 || x > LEFT + this.wide - 14) continue;
        this.pen.fillText(this.state.clock(at, step < 60), x, lane.top + 8);
      }
      this.pen.textAlign = "left";
    }
    mine(lane) {
      const { stages, data, cursor, anchor } = this.state;
      this.label(lane, data.mine.label, true);
      const a = Math.min(cursor, anchor ?? cursor), b = Math.max(cursor, anchor ?? cursor) + 1;
      this.inside(() => {
        this.pen.fillStyle = this.color("accent");
        this.pen.globalAlpha = 0.14;
        this.pen.fillRect(this.x(a * 30), 0, Math.max(this.x(b * 30) - this.x(a * 30), 2), this.tall);
        this.pen.globalAlpha = 1;
      });
      this.steps({ ...lane, tall: lane.tall - 6 }, stages);
      const first = data.lanes[0]?.stages;
      if (first) this.inside(() => {
        this.pen.fillStyle = this.color("level-high");
        const from = Math.max(Math.floor(this.state.from / 30), 0), to = Math.min(Math.ceil(this.state.to / 30), stages.length);
        for (let i = from; i < to; i += 1) if (this.state.apart(i)) this.pen.fillRect(this.x(i * 30), lane.top + lane.tall - 4, Math.max(this.x(30) - this.x(0), 1), 3);
      });
    }
    other(lane) {
      const { label, stages } = this.state.data.lanes[lane.index];
      this.label(lane, label);
      this.steps(lane, stages);
    }
    p(lane) {
      const { p, words } = this.state.data, values = this.state.chances, k = p.classes.length, n = values.length / k;
      this.label(lane, words.chances);
      const first = Math.max(Math.floor(this.state.from / 30), 0), last = Math.min(Math.ceil(this.state.to / 30), n);
      const by = Math.max(Math.floor((last - first) / this.wide), 1);
      this.inside(() => {
        for (let i = first; i < last; i += by) {
          if (values[i * k] === 255) continue;
          const x = this.x(i * 30), w = this.x((i + by) * 30) - x + 0.4;
          let y = lane.top;
          for (let c = 0; c < k; c += 1) {
            const tall = (values[i * k + c] / 100) * lane.tall;
            this.pen.fillStyle = this.color(TOKEN[p.classes[c]]);
            this.pen.fillRect(x, y, w, tall);
            y += tall;
          }
        }
      });
    }
    signal(lane) {
      const { signal } = lane, full = this.state.full[signal.key], { from, to } = this.state;
      this.label(lane, signal.label);
      this.pen.fillStyle = this.color("muted");
      this.pen.fillText(signal.unit, 2, lane.top + 27);
      const covers = full && full.onset <= Math.max(from, 0) + 1 && full.onset + full.values.length / full.fs >= Math.min(to, this.state.end) - 1;
      const times = covers ? null : signal.times, values = covers ? full.values : signal.values;
      let low = signal.low, high = signal.high;
      if (covers) [low, high] = this.bounds(full, low, high);
      this.pen.strokeStyle = this.color(signal.color);
      this.pen.lineWidth = 1.1;
      this.inside(() => {
        this.pen.beginPath();
        let held = null; /* a value stands until the next one: what was kept are the changes */
        for (let i = 0; i < values.length; i += 1) {
          const at = covers ? full.onset + i / full.fs : times[i], next = covers ? at + 1 / full.fs : times[i + 1] ?? at;
          if (next < from) continue;
          if (Number.isNaN(values[i])) { held = null; continue; }
          const x = this.x(at), y = lane.top + lane.tall - ((values[i] - low) / (high - low)) * lane.tall;
          if (held === null) this.pen.moveTo(x, y);
          else {
            if (!covers) this.pen.lineTo(x, held);
            this.pen.lineTo(x, y);
          }
          held = y;
          if (at > to) break;
        }
        this.pen.stroke();
      });
    }
    bounds(full, low, high) {
      let a = Infinity, b = -Infinity;
      const { from, to } = this.state;
      full.values.forEach((value, i) => {
        const at = full.onset + i / full.fs;
        if (at >= from && at <= to && !Number.isNaN(value)) { a = Math.min(a, value); b = Math.max(b, value); }
      });
      return b > a ? [a - (b - a) * 0.05, b + (b - a) * 0.05] : [low, high];
    }
    marks(lane, events, chosen) {
      this.inside(() => events.forEach(([kind, onset, length], i) => {
        if (onset + length < this.state.from || onset > this.state.to) return;
        const x = this.x(onset), w = Math.max(this.x(onset + length) - x, 2);
        this.pen.fillStyle = this.color(i === chosen ? "accent" : this.state.hue(kind));
        this.pen.globalAlpha = i === chosen ? 1 : 0.72;
        this.pen.fillRect(x, lane.top + 3, w, lane.tall - 6);
        this.pen.globalAlpha = 1;
        if (w > 22) {
          this.pen.fillStyle = this.color("surface");
          this.pen.fillText(kind, x + 4, lane.top + lane.tall / 2);
        }
      }));
    }
    own(lane) {
      this.label(lane, this.state.data.words.own_events, true);
      this.marks(lane, this.state.events, this.state.chosen);
    }
    events(lane) {
      this.label(lane, this.state.data.words.automatic);
      this.marks(lane, this.state.data.events, -1);
    }
    lights() {
      const { off, on, data } = this.state;
      const line = (second, dashed) => {
        this.pen.setLineDash(dashed ? [3, 4] : []);
        this.pen.beginPath();
        this.pen.moveTo(this.x(second), 44);
        this.pen.lineTo(this.x(second), this.tall);
        this.pen.stroke();
        this.pen.setLineDash([]);
      };
      this.inside(() => {
        this.pen.lineWidth = 1.5;
        this.pen.strokeStyle = this.color("level-none");
        for (const second of [data.lights.off, data.lights.on]) line(second, true);
        this.pen.strokeStyle = this.color("stage-w");
        for (const second of [off, on]) if (second !== null) line(second, false);
      });
      this.pen.fillStyle = this.color("accent");
      for (const [at] of this.state.comments) {
        const x = this.x(at);
        if (x >= LEFT && x <= LEFT + this.wide) { this.pen.beginPath(); this.pen.arc(x, 46, 4, 0, 7); this.pen.fill(); }
      }
    }
    cursor() {
      const x = this.x(this.state.cursor * 30);
      this.pen.strokeStyle = this.color("accent");
      this.pen.lineWidth = 1.5;
      if (x >= LEFT - 1 && x <= LEFT + this.wide) { this.pen.beginPath(); this.pen.moveTo(x, 30); this.pen.lineTo(x, this.tall); this.pen.stroke(); }
      if (!this.ruler) return;
      const { from, to, y } = this.ruler, a = this.x(from), b = this.x(to), words = `${Math.abs(to - from).toFixed(1)} ${this.state.data.words.seconds}`;
      this.pen.fillStyle = this.color("text");
      this.pen.fillRect(Math.min(a, b), y, Math.abs(b - a), 2);
      for (const x of [a, b]) this.pen.fillRect(x - 1, y - 6, 2, 14);
      const swing = this.swing(this.ruler);
      this.pen.fillText(swing ? `${words}, ${swing}` : words, Math.min(a, b) + 4, y - 12);
    }
    /* How far a signal swings within the ruler, from its lowest to its highest sample. */
    swing({ from, to, y }) {
      const lane = this.lanes.find((one) => one.signal && y >= one.top && y <= one.top + one.tall);
      if (!lane) return "";
      const full = this.state.full[lane.signal.key], times = lane.signal.times, [a, b] = [Math.min(from, to), Math.max(from, to)];
      const values = full ? full.values : lane.signal.values;
      const seen = Array.from(values).filter((value, i) => { const at = full ? full.onset + i / full.fs : times[i]; return at >= a && at <= b && !Number.isNaN(value); });
      return seen.length ? `${(Math.max(...seen) - Math.min(...seen)).toFixed(1)} ${lane.signal.unit}` : "";
    }
    lane(y) {
      return this.lanes.find((one) => y >= one.top && y <= one.top + one.tall + 5);
    }
  }
  window.somniaReview = { Chart, numbers, LEFT };
})();
