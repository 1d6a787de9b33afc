/* Minutes as a big number inside 60 ticks. Between two measurements it counts by the server's clock; what was measured
   too long ago is unknown, never the last value. */

import { clock, fill, number } from "pitpilot";

const TICKS = 60;
const EVERY_MS = 250;
const UNKNOWN_AFTER_MS = 30_000;  // the motor's lease is long over by then

export default {
  props: { view: Object, now_ms: Number, words: Object },
  data: () => ({ now: Date.now() }),
  computed: {
    age() { return Math.max(0, this.now - this.view.at_ms); },
    isUnknown() { return this.view.is_counting && this.age > UNKNOWN_AFTER_MS; },
    left() { return this.view.is_counting ? Math.max(0, this.view.left_s - this.age / 1_000) : this.view.left_s; },
    lit() { return this.isUnknown || !this.view.whole_s ? 0 : Math.ceil(Math.min(1, this.left / this.view.whole_s) * TICKS); },
    text() {
      if (this.isUnknown) return this.words.unknown_number;
      return this.view.number || this.clockText(Math.ceil(this.left));
    },
    caption() { return this.isUnknown ? fill(this.words.was, { value: this.clockText(this.view.left_s) }) : this.view.caption; },
    tone() { return this.isUnknown ? "unknown" : this.view.tone; },
    ticks: () => Array.from({ length: TICKS }, (_, i) => `rotate(${i * 6 + 3} 144 144)`),
  },
  watch: { now_ms(server) { clock.learn(server); this.now = clock.now(); } },
  mounted() {
    clock.learn(this.now_ms);
    this.now = clock.now();
    this.ticking = setInterval(() => { if (this.view.is_counting) this.now = clock.now(); }, EVERY_MS);
  },
  unmounted() { clearInterval(this.ticking); },
  methods: {
    clockText(seconds) {
      const two = (n) => number(Math.floor(n / 10), 0, this.words) + number(n % 10, 0, this.words);
      const hours = Math.floor(seconds / 3_600), minutes = Math.floor((seconds % 3_600) / 60), rest = two(seconds % 60);
      return hours ? `${number(hours, 0, this.words)}:${two(minutes)}:${rest}` : `${number(minutes, 0, this.words)}:${rest}`;
    },
  },
  template: `
    <div class="ring" :data-state="tone">
      <svg viewBox="0 0 288 288" aria-hidden="true"><line v-for="(turn, i) in ticks" :class="{ lit: i < lit }" x1="144" x2="144" y1="8" y2="28" :transform="turn"/></svg>
      <div class="face" role="timer"><span class="num" :class="{ long: text.length > 5 }">{{ text }}</span><span class="quiet">{{ caption }}</span></div>
    </div>`,
};
