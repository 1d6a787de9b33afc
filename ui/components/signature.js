/* Lines drawn by a pointer, kept as the path of an SVG drawing: small, sharp when printed, and nothing but lines. */

const WIDTH = 600, HEIGHT = 200;
const STEP = 3;  // points closer than this add nothing to see
const CHARS_MAX = 19_000;

export default {
  props: { label: String, words: Object },
  emits: ["drawn"],
  data: () => ({ path: "", drawing: false, last: null }),
  methods: {
    point(event) {
      const box = this.$refs.field.getBoundingClientRect();
      const share = (at, from, size, whole) => Math.round(Math.max(0, Math.min(1, (at - from) / size)) * (whole - 1));
      return [share(event.clientX, box.left, box.width, WIDTH), share(event.clientY, box.top, box.height, HEIGHT)];
    },
    begin(event) {
      event.currentTarget.setPointerCapture?.(event.pointerId);
      this.drawing = true;
      this.last = this.point(event);
      this.path += `M${this.last.join(" ")}`;
    },
    go(event) {
      if (!this.drawing || this.path.length > CHARS_MAX) return;
      const next = this.point(event);
      if (Math.hypot(next[0] - this.last[0], next[1] - this.last[1]) < STEP) return;
      this.last = next;
      this.path += `L${next.join(" ")}`;
    },
    end() {
      if (!this.drawing) return;
      this.drawing = false;
      this.path = this.path.replace(/(?:M\d+ \d+)+(?=M|$)/g, "");  // a tap draws nothing
      this.$emit("drawn", this.path);
    },
    clear() {
      this.path = "";
      this.$emit("drawn", "");
    },
  },
  template: `
    <div class="signature">
      <svg ref="field" viewBox="0 0 600 200" role="img" :aria-label="label" @pointerdown.prevent="begin" @pointermove="go" @pointerup="end" @pointercancel="end">
        <path class="base" d="M40 160H560"/><path class="ink" :d="path"/>
      </svg>
      <div class="cluster"><p class="fine grow">{{ words.hint }}</p><button type="button" class="btn plain" :disabled="!path" @click="clear">{{ words.clear }}</button></div>
    </div>`,
};
