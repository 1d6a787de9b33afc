/* Whether values arrive: connected and how old the newest is, connecting again, or no connection. */

import { UNKNOWN_AFTER_S, ago, clock, duration, fill, listen, withSocket } from "pitpilot";

const TICK_MS = 1_000;
const LOST_AFTER_MS = 5_000;

export default {
  props: { now_ms: Number, words: Object },
  data: () => ({ connected: false, lostAt: null, newest: null, now: Date.now() }),
  computed: {
    state() {
      if (!this.connected) return this.lostAt !== null && this.now - this.lostAt > LOST_AFTER_MS ? "unknown" : "warn";
      return this.newest !== null && this.age > UNKNOWN_AFTER_S ? "unknown" : "ok";
    },
    age() { return Math.max(1, (this.now - this.newest) / 1_000); },
    word() {
      if (this.state === "warn") return this.words.reconnecting;
      if (!this.connected) return this.words.no_connection;
      if (this.newest === null) return this.words.waiting;
      return this.state === "unknown" ? fill(this.words.no_data, { time: duration(this.age, this.words) }) : "";
    },
    time() { return this.word ? "" : ago(this.age, this.words); },
    parts() { return this.words.live.split("{time}"); },
    spoken() { return this.word === this.words.waiting ? "" : this.word || this.words.live_now; },
  },
  mounted() {
    clock.learn(this.now_ms);
    this.now = clock.now();
    this.ticking = setInterval(() => { this.now = clock.now(); }, TICK_MS);
    this.cancel = withSocket((socket) => { this.connected = socket.connected; });
    this.stopListening = listen({
      connect: () => { this.connected = true; this.lostAt = null; },
      disconnect: () => { this.connected = false; this.lostAt = clock.now(); },
      live: (message) => this.take(message),
    });
  },
  unmounted() {
    clearInterval(this.ticking);
    this.cancel();
    this.stopListening();
  },
  methods: {
    take({ pits, readings, now }) {
      clock.learn(now);
      const moments = pits ? Object.values(pits).map((pit) => pit.at ?? 0) : (readings ?? []).map(([at]) => at);
      if (moments.length) this.newest = Math.max(this.newest ?? 0, ...moments);
      this.now = clock.now();
    },
  },
  template: `
    <span class="live-mark num" :data-state="state">
      <i v-if="state === 'unknown'" class="icon s" aria-hidden="true">{{ connected ? "help" : "wifi_off" }}</i><span v-else class="mark"></span>
      <span v-if="word">{{ word }}</span>
      <span v-else><span class="only-wide">{{ parts[0] }}</span>{{ time }}<span class="only-wide">{{ parts[1] }}</span></span>
      <span class="unseen" aria-live="polite">{{ spoken }}</span>
    </span>`,
};
