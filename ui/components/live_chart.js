/* The chart frame: small multiples on one time axis. History comes by `show`, new readings by the socket event `live`. */

import { ICONS, UNKNOWN_AFTER_S, clock, fill, listen, number, watchVisibility } from "pitpilot";
import { figure, readTheme, timeTicks, zoneShift } from "pitpilot_plot";
import { Timeline, stateOf } from "pitpilot_timeline";

const PHONE = "(max-width: 767px)";
const TICK_MS = 1_000;
const SLIDES_PER_WINDOW = 500;
const TICK_ROOM_PX = { wide: 88, phone: 64 };
const PLOT_EVERY_MS = 1_000;
const CONFIG = { displayModeBar: false, responsive: false, scrollZoom: false, doubleClick: false, showTips: false, showAxisDragHandles: false };

export default {
  props: { pit: String, metrics: Array, zone: String, window_s: Number, now_ms: Number, loading: Boolean, words: Object },
  emits: ["visibility"],
  data() {
    const heads = this.metrics.map(() => ({ state: "unknown", text: this.words.unknown_number, beside: "", summary: "", tail: null }));
    return { heads, ticks: [], empty: false, right: 56, ICONS };
  },
  created() {
    clock.learn(this.now_ms);
    this.timelines = this.metrics.map(() => new Timeline());
    this.events = [];
    this.span = this.window_s * 1_000;
    this.zoom = null;
    this.resets = 0;
    this.drawnAt = 0;
  },
  async mounted() {
    this.media = matchMedia(PHONE);
    this.stopListening = listen({ live: (message) => message.readings && message.pit === this.pit && this.take(message) });
    this.stopWatching = watchVisibility((visible) => {
      this.$emit("visibility", visible);
      if (visible) this.draw();
    });
    this.themes = new MutationObserver(() => this.draw());
    this.themes.observe(document.body, { attributes: true, attributeFilter: ["class"] });
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(this.$el);
    this.ticking = setInterval(() => this.tick(), TICK_MS);
    this.Plotly = (await import("nicegui-plotly")).Plotly;
    this.draw();
  },
  unmounted() {
    this.gone = true;
    clearInterval(this.ticking);
    this.stopListening();
    this.stopWatching();
    this.themes.disconnect();
    this.sizes.disconnect();
    this.graphs().forEach((graph) => this.Plotly?.purge(graph));
  },
  methods: {
    graphs() { return this.$refs.graphs ?? []; },
    /* Fills the chart with one window's history; readings that came meanwhile stay, doubles are dropped. */
    show(history) {
      this.span = history.window_s * 1_000;
      this.events = history.events;
      this.zoom = null;
      this.resets += 1;
      this.metrics.forEach((metric, i) => this.timelines[i].load(history.at, history.series[metric.key] ?? {}, history.step_ms));
      this.draw();
    },
    take({ readings, now }) {
      clock.learn(now);
      for (const [at, values] of readings) {
        this.metrics.forEach((metric, i) => metric.key in values && this.timelines[i].add(at, values[metric.key]));
      }
      this.behind = true;
      this.sayNumbers();
      if (clock.now() - this.drawnAt > PLOT_EVERY_MS) this.draw();
    },
    /* Numbers move with every message, the lines once a second, the window as fast as a pixel is wide. */
    tick() {
      const slideMs = Math.max(2 * TICK_MS, this.span / SLIDES_PER_WINDOW);
      if (this.behind || clock.now() - this.drawnAt > slideMs) this.draw();
      else this.sayNumbers();
    },
    /* Once a frame at most, however many messages came. */
    draw() {
      if (this.waiting || document.hidden) return;
      this.waiting = requestAnimationFrame(() => {
        this.waiting = 0;
        if (!this.gone) this.paint();
      });
    },
    range() {
      const now = clock.now();
      return this.zoom ?? [now - this.span, now];
    },
    paint() {
      this.drawnAt = clock.now();
      this.behind = false;
      const [from, to] = this.range();
      this.timelines.forEach((timeline) => timeline.forget(this.drawnAt - this.span));
      this.right = this.media.matches ? 44 : 56;
      this.ticks = timeTicks(from, to, this.zone, this.words.locale, (this.$refs.ticks?.clientWidth ?? 0) / (this.media.matches ? TICK_ROOM_PX.phone : TICK_ROOM_PX.wide));
      this.sayNumbers();
      this.empty = Boolean(this.drawnOnce) && this.timelines.every((timeline) => timeline.isEmpty());
      if (!this.Plotly) return;
      this.drawnOnce = true;
      const theme = readTheme();
      this.graphs().forEach((graph, i) => {
        const view = { metric: this.metrics[i], timeline: this.timelines[i], events: this.events, first: i === 0, from, to };
        const { data, layout } = figure(view, { theme, zone: this.zone, words: this.words, right: this.right, width: graph.clientWidth, height: graph.clientHeight });
        layout.uirevision = `${this.span} ${this.resets}`;
        layout.dragmode = matchMedia("(pointer: coarse)").matches ? false : "zoom";
        this.Plotly.react(graph, data, layout, CONFIG);
        if (!graph.pitpilot) this.connect(graph);
      });
    },
    /* One zoom and one hover for all plots. */
    connect(graph) {
      graph.pitpilot = true;
      graph.on("plotly_relayout", (change) => {
        if (!("xaxis.range[0]" in change)) return;
        const unshift = (x) => { const ms = typeof x === "number" ? x : Date.parse(`${x.replace(" ", "T")}Z`); return ms - zoneShift(ms, this.zone); };
        this.zoom = [unshift(change["xaxis.range[0]"]), unshift(change["xaxis.range[1]"])];
        this.resets += 1;
        this.draw();
      });
      graph.on("plotly_doubleclick", () => {
        this.zoom = null;
        this.resets += 1;
        this.draw();
      });
      graph.on("plotly_hover", ({ event, xvals }) => {
        if (!event) return;
        this.graphs().filter((other) => other !== graph).forEach((other) => this.Plotly.Fx.hover(other, { xval: xvals[0] }, "xy"));
      });
      graph.on("plotly_unhover", () => this.graphs().forEach((other) => other !== graph && this.Plotly.Fx.unhover(other)));
    },
    sayNumbers() {
      const now = clock.now(), [from, to] = this.range();
      this.metrics.forEach((metric, i) => {
        const head = this.heads[i], timeline = this.timelines[i], last = timeline.last();
        const stale = !last || now - last.at > UNKNOWN_AFTER_S * 1_000;
        const text = last ? number(last.value, metric.digits, this.words) : "";
        head.state = stale ? "unknown" : stateOf(last.value, metric);
        head.text = stale ? this.words.unknown_number : text;
        head.beside = !stale ? metric.unit : last ? fill(this.words.was, { value: text }) : "";
        head.tail = stale && last && !this.zoom ? Math.max(0, Math.min(1, (last.at - from) / (to - from))) : null;
        const ends = timeline.extremes(from, to);
        head.summary = !ends ? `${metric.label}: ${this.words.chart_empty}` : fill(this.words.chart_summary, {
          metric: metric.label, value: `${head.text} ${stale ? "" : metric.unit}`.trim(),
          least: number(ends[0], metric.digits, this.words), most: number(ends[1], metric.digits, this.words),
        });
      });
    },
  },
  template: `
    <div class="live-chart" :class="{ loading }" :aria-busy="loading" :style="{ '--plot-right': right + 'px' }">
      <div v-for="(metric, i) in metrics" class="plot" :data-state="heads[i].state">
        <div class="head">
          <p class="name"><i v-if="heads[i].state === 'warn' || heads[i].state === 'crit'" class="icon s" aria-hidden="true">{{ ICONS[heads[i].state] }}</i>{{ metric.label }}</p>
          <div class="value num">{{ heads[i].text }}<small>{{ heads[i].beside }}</small></div>
          <p class="says num">{{ metric.says }}</p>
        </div>
        <div class="graph-box">
          <div ref="graphs" class="graph" role="img" :aria-label="heads[i].summary"></div>
          <div v-if="heads[i].tail !== null" class="tail"><i :style="{ left: heads[i].tail * 100 + '%' }"></i></div>
        </div>
      </div>
      <div class="axis" aria-hidden="true"><div ref="ticks" class="ticks fine num"><span v-for="tick in ticks" :style="{ left: tick.share * 100 + '%' }">{{ tick.word }}</span></div></div>
      <p v-if="empty && !loading" class="none">{{ words.chart_empty }}</p>
    </div>`,
};
