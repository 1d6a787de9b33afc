/* A car from its left, from above and from its right, front to the left; marks stand as numbers on it. */

const EDGE = 1_000;

/* One side of a car in a box of 500 by 110, wheels at 105 and 390. */
const SIDE = {
  body: "M22 84C18 70 24 60 42 56L118 48C150 26 186 14 232 12C300 10 338 22 378 46L450 54C474 58 482 68 480 84L470 88H432A42 42 0 0 0 348 88H147A42 42 0 0 0 63 88H34Z",
  lines: ["M134 48C160 30 188 22 226 21L230 50H138Z", "M240 21C290 20 322 28 352 46L344 50H242Z", "M235 21L238 88", "M345 50C350 66 346 78 342 88", "M136 50C128 64 132 78 150 88", "M258 60H276", "M172 60H190"],
  wheels: [105, 390],
};
/* The same car from above, 500 by 170. */
const TOP = {
  body: "M24 85C24 50 34 30 62 24L150 18H380L440 24C470 30 480 52 480 85C480 118 470 140 440 146L380 152H150L62 146C34 140 24 120 24 85Z",
  lines: ["M150 26C138 60 138 110 150 144L186 134C178 104 178 66 186 36Z", "M386 28C394 62 394 108 386 142L352 132C358 104 358 66 352 38Z", "M186 36H352", "M186 134H352", "M62 40C110 36 126 40 146 44", "M62 130C110 134 126 130 146 126", "M440 36C448 60 448 110 440 134", "M160 18L150 8H164L172 18", "M160 152L150 162H164L172 152"],
};

export default {
  props: { marks: Array, takes: Boolean, words: Object },
  emits: ["point"],
  data: () => ({ SIDE, TOP }),
  methods: {
    tap(event) {
      if (!this.takes) return;
      const box = this.$refs.drawing.getBoundingClientRect();
      const share = (at, from, size) => Math.round(Math.max(0, Math.min(1, (at - from) / size)) * EDGE);
      this.$emit("point", { x: share(event.clientX, box.left, box.width), y: share(event.clientY, box.top, box.height) });
    },
  },
  template: `
    <div class="damage-map" :class="{ takes }">
      <svg ref="drawing" viewBox="0 0 520 430" role="img" :aria-label="words.label" @click="tap">
        <g transform="translate(10 10)"><path class="body" :d="SIDE.body"/><path v-for="d in SIDE.lines" :d="d"/><g v-for="x in SIDE.wheels"><circle :cx="x" cy="88" r="32"/><circle :cx="x" cy="88" r="18"/></g></g>
        <g transform="translate(10 130)"><path class="body" :d="TOP.body"/><path v-for="d in TOP.lines" :d="d"/></g>
        <g transform="translate(10 420) scale(1 -1)"><path class="body" :d="SIDE.body"/><path v-for="d in SIDE.lines" :d="d"/><g v-for="x in SIDE.wheels"><circle :cx="x" cy="88" r="32"/><circle :cx="x" cy="88" r="18"/></g></g>
        <text x="514" y="20">{{ words.left }}</text><text x="514" y="142">{{ words.top }}</text><text x="514" y="420">{{ words.right }}</text>
        <g v-for="(mark, i) in marks" :key="mark.key" class="mark" :transform="'translate(' + mark.x * .52 + ' ' + mark.y * .43 + ')'"><circle r="11"/><text y="4">{{ i + 1 }}</text><title>{{ mark.said }}</title></g>
      </svg>
    </div>`,
};
