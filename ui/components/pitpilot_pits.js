/* Pits that live on the socket event `live`: their metrics, and how they age by this page's own clock, without the
   server. A component takes `livePits` as a mixin and has the props `pits`, `now_ms` and `words`. */

import {
  ICONS, SAYS_AGE_AFTER_S, SPARK_BUCKET_MS, UNKNOWN_AFTER_S,
  ago, clipName, clock, crossed, duration, fill, limit, listen, number, sparkShape, watchVisibility,
} from "pitpilot";

const TICK_MS = 1_000;

export const Metric = {
  props: { metric: Object, unknown: Boolean, tall: Boolean, words: Object },
  data: () => ({ clip: clipName() }),
  computed: {
    state() { return this.unknown || this.metric.value === null ? "unknown" : this.metric.state; },
    out() { return this.state === "warn" || this.state === "crit"; },
    icon() { return ICONS[this.state]; },
    text() { return this.state === "unknown" ? this.words.unknown_number : number(this.metric.value, this.metric.digits, this.words); },
    beside() {
      const known = this.metric.value ?? this.metric.was;
      if (this.state !== "unknown") return this.metric.unit;
      return known === null ? "" : fill(this.words.was, { value: number(known, this.metric.digits, this.words) });
    },
    says() {
      const over = this.out && crossed(this.metric);
      return over ? `${over.sign}\u00a0${limit(over.limit, this.metric.digits, this.words)}` : this.metric.says;
    },
    shape() { return sparkShape(this.metric); },
    ends() { return this.state === "unknown"; },
    reach() { return this.ends ? 100 - this.shape.gone : 100; },
  },
  template: `
    <div class="metric" :class="{ tall }" :data-state="state">
      <div class="top"><span><i v-if="out" class="icon s" aria-hidden="true">{{ icon }}</i>{{ metric.label }}</span><span class="num">{{ says }}</span></div>
      <div class="value num"><span :key="text" :class="{ moved: metric.moved }">{{ text }}</span><small>{{ beside }}</small></div>
      <div class="spark" aria-hidden="true">
        <svg :viewBox="'0 0 ' + reach + ' 32'" :style="{ width: reach + '%' }" preserveAspectRatio="none">
          <rect class="band" :y="shape.bandTop" :width="reach" :height="shape.bandHeight"/>
          <path v-for="at in shape.limits" class="limit" :d="'M0 ' + at + 'H' + reach"/>
          <path class="trace" :d="shape.d"/>
          <template v-for="(zone, i) in shape.zones">
            <clipPath :id="clip + i"><rect x="-4" :y="zone.from" width="108" :height="zone.height"/></clipPath>
            <path class="trace" :class="zone.state" :clip-path="'url(#' + clip + i + ')'" :d="shape.d"/>
          </template>
        </svg>
        <div v-if="ends" class="gone" :style="{ width: shape.gone + '%' }"></div>
        <span v-else-if="shape.dot" class="dot" :style="{ left: shape.dot.left + '%', top: shape.dot.top + '%' }"></span>
      </div>
    </div>`,
};

/* `cards` are the pits as they are shown; a component that has a method `turned` is told when one changes its state. */
export const livePits = {
  emits: ["visibility"],
  data: () => ({ cards: [] }),
  watch: {
    /* Not `pits`: NiceGUI sends the old ones again whenever anything about this element changes. */
    now_ms: { immediate: true, handler() { this.fill(); } },
  },
  mounted() {
    this.ticking = setInterval(() => this.tick(), TICK_MS);
    this.stopListening = listen({ live: (message) => message.pits && this.take(message) });
    this.stopWatching = watchVisibility((visible) => this.$emit("visibility", visible));
  },
  unmounted() {
    clearInterval(this.ticking);
    this.stopListening();
    this.stopWatching();
  },
  methods: {
    fill() {
      clock.learn(this.now_ms);
      this.bucket = Math.floor(this.now_ms / SPARK_BUCKET_MS);
      this.cards = this.pits.map((pit) => ({
        ...pit,
        metrics: pit.metrics.map((m) => ({ ...m, spark: [...m.spark], sum: m.spark.at(-1) ?? 0, count: m.spark.at(-1) === null ? 0 : 1, moved: false })),
      }));
      this.cards.forEach((card) => this.age(card));
    },
    take({ pits: changes, now }) {
      clock.learn(now);
      for (const card of this.cards) {
        const change = changes[card.id];
        if (!change) continue;
        if (change.at) card.seen_at_ms = Math.max(card.seen_at_ms ?? 0, change.at);
        for (const name of ["state", "word", "open_alerts"]) if (name in change) card[name] = change[name];
        for (const [key, [value, state]] of Object.entries(change.metrics ?? {})) this.measure(card, key, value, state, change.at);
      }
      this.tick();
    },
    measure(card, key, value, state, at) {
      const m = card.metrics.find((metric) => metric.key === key);
      if (!m) return;
      if (value === null) m.was = m.value ?? m.was;
      m.moved = m.value !== value;
      m.value = value;
      m.state = state;
      const bucket = Math.floor(at / SPARK_BUCKET_MS);
      if (value === null || state === "unknown" || bucket < this.bucket) return;
      this.advance(bucket);
      m.sum += value;
      m.count += 1;
      m.spark[m.spark.length - 1] = m.sum / m.count;
    },
    advance(bucket) {
      const steps = bucket - this.bucket;
      if (steps <= 0) return;
      this.bucket = bucket;
      for (const m of this.cards.flatMap((card) => card.metrics)) {
        const fresh = Array(Math.min(steps, m.spark.length)).fill(null);
        m.spark = [...m.spark.slice(fresh.length), ...fresh];
        m.sum = m.count = 0;
      }
    },
    tick() {
      this.advance(Math.floor(clock.now() / SPARK_BUCKET_MS));
      this.cards.forEach((card) => this.age(card));
    },
    age(card) {
      const words = this.words, before = card.shown;
      const s = card.seen_at_ms === null ? Infinity : (clock.now() - card.seen_at_ms) / 1_000;
      const stale = s > UNKNOWN_AFTER_S;
      card.shown = stale ? "unknown" : card.state;
      card.age = s > SAYS_AGE_AFTER_S && !stale ? ago(s, words) : "";
      card.silent = stale && s < Infinity ? fill(words.silent, { time: duration(s, words) }) : "";
      card.says = !stale ? card.word || words[card.state] : s === Infinity ? words.never : fill(words.no_data, { time: duration(s, words) });
      card.alerts = card.open_alerts > (card.shown === "ok" ? 0 : 1) ? fill(words.alerts, { n: number(card.open_alerts, 0, words) }) : "";
      if (before && before !== card.shown) this.turned?.(card);
    },
  },
};
