/* A line of text with an age, or the rest of something, that goes by itself. */

import { ago, clock, duration, fill } from "pitpilot";

const EVERY_MS = 1_000;

export default {
  props: { text: String, at_ms: Number, down: Boolean, now_ms: Number, words: Object },
  data: () => ({ now: Date.now() }),
  computed: {
    time() {
      const passed = (this.now - this.at_ms) / 1_000;
      return this.down ? duration(Math.max(0, -passed), this.words) : ago(Math.max(1, passed), this.words);
    },
  },
  watch: { now_ms(server) { clock.learn(server); this.now = clock.now(); } },
  mounted() {
    clock.learn(this.now_ms);
    this.now = clock.now();
    this.ticking = setInterval(() => { this.now = clock.now(); }, EVERY_MS);
  },
  unmounted() { clearInterval(this.ticking); },
  methods: { fill },
  template: `<span class="num">{{ fill(text, { time }) }}</span>`,
};
