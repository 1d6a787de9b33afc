/* The one large button of a pump page: pressed is shown at once, the truth comes from the server. */

import { listen, withSocket } from "pitpilot";

const ANSWERED_WITHIN_MS = 8_000;

export default {
  props: { press: Object, turn: Number, refusal: String, words: Object },
  emits: ["press"],
  data: () => ({ isPressed: false, isLate: false, connected: true }),
  computed: {
    isOff() { return !this.press.is_enabled || !this.connected || this.isPressed; },
    note() {
      if (!this.connected) return this.words.offline;
      if (this.isLate) return this.words.no_answer;
      return this.refusal || this.press.note;
    },
  },
  watch: { turn() { this.settle(false); } },
  mounted() {
    this.cancel = withSocket((socket) => { this.connected = socket.connected; });
    this.stopListening = listen({
      connect: () => { this.connected = true; },
      disconnect: () => { this.connected = false; this.settle(false); },
    });
  },
  unmounted() { this.cancel(); this.stopListening(); clearTimeout(this.waiting); },
  methods: {
    go() {
      if (this.isOff) return;
      this.isPressed = true;
      this.isLate = false;
      this.waiting = setTimeout(() => this.settle(true), ANSWERED_WITHIN_MS);
      this.$emit("press", this.press.key);
    },
    settle(isLate) {
      clearTimeout(this.waiting);
      this.isPressed = false;
      this.isLate = isLate;
    },
  },
  template: `
    <div class="start-stop">
      <button type="button" class="btn motor" :class="press.kind" :disabled="isOff" :aria-busy="isPressed" @click="go">
        <i class="icon l" aria-hidden="true">{{ press.icon }}</i><span>{{ isPressed ? press.busy : press.word }}</span>
      </button>
      <p :class="{ refused: refusal && connected }" aria-live="polite">{{ note }}</p>
    </div>`,
};
