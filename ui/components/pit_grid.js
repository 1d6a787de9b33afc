/* All pits of a workshop: cards from 768 px on, below it the counts and a list, worst first.
   Values come by the socket event `live` and go stale by this page's own clock, without the server. */

import {
  ICONS, SAYS_AGE_AFTER_S, SPARK_BUCKET_MS, UNKNOWN_AFTER_S, WORST_FIRST,
  ago, clipName, clock, crossed, duration, fill, limit, listen, number, sparkShape, watchVisibility,
} from "pitpilot";

const PHONE = "(max-width: 767px)";
const TICK_MS = 1_000;
const PHONE_METRICS = 3;

const Metric = {
  props: { metric: Object, unknown: Boolean, words: Object },
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
    <div class="metric" :data-state="state">
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

const Chip = {
  props: { state: String, word: String },
  data: () => ({ ICONS }),
  template: `<span class="chip" :data-state="state"><i class="icon s" aria-hidden="true">{{ ICONS[state] }}</i>{{ word }}</span>`,
};

const Card = {
  components: { Metric, Chip },
  props: { pit: Object, words: Object },
  template: `
    <article class="pit" :data-state="pit.shown">
      <header>
        <h2 class="cut"><a :href="pit.href">{{ pit.name }}</a></h2>
        <span v-if="pit.age" class="fine num grow">{{ pit.age }}</span>
        <span v-if="pit.alerts" class="fine num cluster" :title="pit.alerts"><i class="icon s" aria-hidden="true">notifications</i>{{ pit.alerts }}</span>
        <chip :state="pit.shown" :word="pit.says" />
      </header>
      <div class="job"><span class="cut">{{ pit.car || words.no_car }}<template v-if="pit.plate"> · <span class="id">{{ pit.plate }}</span></template></span><span>{{ pit.stage }}</span></div>
      <div class="metrics"><metric v-for="m in pit.metrics" :key="m.key" :metric="m" :unknown="pit.shown === 'unknown'" :words="words" /></div>
    </article>`,
};

const Row = {
  props: { pit: Object, keys: Array, words: Object },
  data: () => ({ ICONS }),
  methods: {
    metric(key) { return this.pit.metrics.find((m) => m.key === key); },
    state(m) { return !m || this.pit.shown === "unknown" || m.value === null ? "unknown" : m.state; },
    text(m) { return this.state(m) === "unknown" ? "–" : number(m.value, m.digits, this.words); },
  },
  computed: {
    line() {
      if (this.pit.shown === "ok") return this.pit.age || this.pit.car || this.words.no_car;
      return this.pit.silent || this.pit.says;
    },
  },
  template: `
    <a class="pit-row" :href="pit.href" :data-state="pit.shown" :style="{ '--n': keys.length }">
      <i class="icon l" aria-hidden="true">{{ ICONS[pit.shown] }}</i>
      <div class="says"><h3 class="cut">{{ pit.name }}<span class="unseen">, {{ pit.says }}</span></h3><p class="cut">{{ line }}</p></div>
      <span v-for="key in keys" class="n num" :data-state="state(metric(key))"><span :key="text(metric(key))" :class="{ moved: metric(key)?.moved }">{{ text(metric(key)) }}</span></span>
    </a>`,
};

export default {
  components: { Card, Row },
  props: { pits: Array, cars: Object, now_ms: Number, words: Object },
  emits: ["visibility", "counts"],
  data: () => ({ cards: [], phone: matchMedia(PHONE).matches, said: "", shouted: "", ICONS, WORST_FIRST }),
  computed: {
    counts() {
      const counts = { ok: 0, warn: 0, crit: 0, unknown: 0 };
      for (const card of this.cards) counts[card.shown] += 1;
      return counts;
    },
    worstFirst() {
      return [...this.cards].sort((a, b) => WORST_FIRST.indexOf(a.shown) - WORST_FIRST.indexOf(b.shown));
    },
    columns() {
      const widest = this.cards.reduce((most, card) => (card.metrics.length > most.length ? card.metrics : most), []);
      return widest.slice(0, PHONE_METRICS);
    },
    keys() { return this.columns.map((m) => m.key); },
  },
  watch: {
    /* Not `pits`: NiceGUI sends the old ones again whenever anything about this element changes. */
    now_ms: { immediate: true, handler() { this.fill(); } },
    cars() { this.place(); },
    counts(now, before) {
      if (Object.keys(now).some((state) => now[state] !== before[state])) this.$emit("counts", now);
    },
  },
  mounted() {
    this.media = matchMedia(PHONE);
    this.turn = () => { this.phone = this.media.matches; };
    this.media.addEventListener("change", this.turn);
    this.ticking = setInterval(() => this.tick(), TICK_MS);
    this.stopListening = listen({ live: (message) => message.pits && this.take(message) });
    this.stopWatching = watchVisibility((visible) => this.$emit("visibility", visible));
  },
  unmounted() {
    this.media.removeEventListener("change", this.turn);
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
      this.place();
      this.cards.forEach((card) => this.age(card));
    },
    /* Which car stands where; without a word of it the cards keep what they came with. */
    place() {
      if (!this.cars) return;
      for (const card of this.cards) Object.assign(card, this.cars[card.id] ?? { car: "", plate: "", stage: this.words.free });
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
      if (before && before !== card.shown) this.announce(card);
    },
    announce(card) {
      const news = fill(this.words.changed, { pit: card.name, state: card.says });
      if (card.shown === "crit") this.shouted = news;
      else this.said = news;
    },
  },
  template: `
    <div class="pit-grid">
      <p class="unseen" aria-live="polite">{{ said }}</p>
      <p class="unseen" aria-live="assertive">{{ shouted }}</p>
      <template v-if="phone">
        <section class="counts" :aria-label="words.pits_by_state">
          <div v-for="state in ['ok', 'warn', 'crit', 'unknown']" class="count-tile" :data-state="state" :class="{ none: !counts[state] }">
            <div><b class="num">{{ counts[state] }}</b><i class="icon" aria-hidden="true">{{ ICONS[state] }}</i></div><p>{{ words[state] }}</p>
          </div>
        </section>
        <slot />
        <section class="card clip" :aria-label="words.pits">
          <div class="pit-row head" :style="{ '--n': columns.length }"><span></span><span>{{ words.worst_first }}</span><span v-for="m in columns" class="n">{{ m.head || m.label }}</span></div>
          <row v-for="pit in worstFirst" :key="pit.id" :pit="pit" :keys="keys" :words="words" />
        </section>
      </template>
      <template v-else>
        <slot />
        <section class="pits" :aria-label="words.pits"><card v-for="pit in cards" :key="pit.id" :pit="pit" :words="words" /></section>
      </template>
    </div>`,
};
