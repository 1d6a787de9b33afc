/* All pits of a workshop: cards from 768 px on, below it the counts and a list, worst first.
   Values come by the socket event `live` and go stale by this page's own clock, without the server. */

import { ICONS, WORST_FIRST, fill, number } from "pitpilot";
import { Metric, livePits } from "pitpilot_pits";

const PHONE = "(max-width: 767px)";
const PHONE_METRICS = 3;

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
  mixins: [livePits],
  components: { Card, Row },
  props: { pits: Array, cars: Object, now_ms: Number, words: Object },
  emits: ["counts"],
  data: () => ({ phone: matchMedia(PHONE).matches, said: "", shouted: "", ICONS, WORST_FIRST }),
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
    cars() { this.place(); },
    cards() { this.place(); },
    counts(now, before) {
      if (Object.keys(now).some((state) => now[state] !== before[state])) this.$emit("counts", now);
    },
  },
  mounted() {
    this.media = matchMedia(PHONE);
    this.turn = () => { this.phone = this.media.matches; };
    this.media.addEventListener("change", this.turn);
    this.place();
  },
  unmounted() {
    this.media.removeEventListener("change", this.turn);
  },
  methods: {
    /* Which car stands where; without a word of it the cards keep what they came with. */
    place() {
      if (!this.cars) return;
      for (const card of this.cards) Object.assign(card, this.cars[card.id] ?? { car: "", plate: "", stage: this.words.free });
    },
    turned(card) {
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
