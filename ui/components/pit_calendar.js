/* Pits as rows, time across, jobs as bars. A booking is dragged to another time or pit, or moved by keys: Space picks it
   up, arrows move it, Space puts it down, Escape leaves it. */

import { carry, holdStill } from "dragging";

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
const LANE_PX = 56;

export default {
  props: { view: Object, round: Number, label: String, words: Object },
  emits: ["put"],
  data: () => ({ ahead: {}, grabbed: null, held: null, said: "" }),
  computed: {
    rows() {
      return this.view.rows.map((row) => {
        const bars = this.view.bars.filter((bar) => this.placeOf(bar).row === row.key)
          .sort((a, b) => this.placeOf(a).at - this.placeOf(b).at);
        const ends = [];
        const placed = bars.map((bar) => {
          const at = this.placeOf(bar).at, until = at + bar.until_min - bar.from_min;
          let lane = ends.findIndex((end) => end <= at);
          if (lane < 0) lane = ends.length;
          ends[lane] = until;
          return { bar, at, lane, style: { left: this.share(at), width: this.share(until - at), top: `${lane * LANE_PX + 4}px` } };
        });
        return { ...row, placed, height: `${Math.max(1, ends.length) * LANE_PX + 4}px` };
      });
    },
  },
  mounted() {
    const lanes = this.$refs.scroll, now = this.view.now_min;
    if (now !== null) lanes.scrollLeft = Math.max(0, (now / this.view.whole_min) * lanes.scrollWidth - lanes.clientWidth / 2);
  },
  watch: { round() { this.ahead = {}; this.grabbed = null; } },
  methods: {
    share(minutes) { return `${(minutes / this.view.whole_min) * 100}%`; },
    placeOf(bar) {
      if (this.held?.key === bar.key) return this.held;
      if (this.grabbed?.key === bar.key) return this.grabbed;
      return this.ahead[bar.key] ?? { at: bar.from_min, row: bar.row };
    },
    snapped(minutes) {
      const step = this.view.step_min;
      return Math.max(0, Math.min(this.view.whole_min - step, Math.round(minutes / step) * step));
    },
    timeWord(at) {
      const day = this.view.days.find((each) => at >= each.from_min && at < each.until_min) ?? this.view.days.at(-1);
      const minute = at - day.from_min + (day.opens_min ?? 0);
      return `${day.word} ${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
    },
    rowWord(key) { return this.view.rows.find((row) => row.key === key)?.label ?? ""; },
    /* Whole steps; where it only changes the pit, its minute stays as it is. */
    shifted(at, minutes) { return Math.abs(minutes) < this.view.step_min / 2 ? at : this.snapped(at + minutes); },
    holdStill,
    grab(event, bar) {
      if (!bar.moves) return;
      const from = this.placeOf(bar);
      carry(event, {
        scroller: this.$refs.scroll,
        begin: () => { this.grabbed = { key: bar.key, ...from }; },
        move: (at, by) => { this.grabbed = { key: bar.key, ...this.under(at, by, from) }; },
        drop: (at, by) => {
          const to = this.under(at, by, from);
          this.grabbed = null;
          this.put(bar, to.at, to.row);
        },
        leave: () => { this.grabbed = null; },
      });
    },
    under({ y }, by, from) {
      const lanes = [...this.$el.querySelectorAll(".cal-row .lane-of[data-row]")];
      const over = lanes.find((lane) => { const box = lane.getBoundingClientRect(); return y >= box.top && y < box.bottom; });
      return { at: this.shifted(from.at, (by.x / lanes[0].getBoundingClientRect().width) * this.view.whole_min), row: over?.dataset.row ?? from.row };
    },
    put(bar, at, row) {
      if (at === bar.from_min && row === bar.row) { this.said = fill(this.words.left, { car: bar.car }); return; }
      this.ahead = { ...this.ahead, [bar.key]: { at, row } };
      this.said = fill(this.words.put, { car: bar.car, row: this.rowWord(row), time: this.timeWord(at) });
      this.$emit("put", { key: bar.key, at, row });
    },
    press(event, bar) {
      if (!bar.moves) return;
      if (event.key === " ") {
        if (!this.held) { this.held = { key: bar.key, ...this.placeOf(bar) }; this.said = fill(this.words.picked, { car: bar.car }); }
        else { const { at, row } = this.held; this.held = null; this.put(bar, at, row); }
      } else if (event.key === "Escape" && this.held) {
        this.held = null;
        this.said = fill(this.words.left, { car: bar.car });
      } else if (this.held && event.key.startsWith("Arrow")) this.shift(bar, event.key);
      else return;
      event.preventDefault();
      this.$nextTick(() => event.target.isConnected || this.$el.querySelector(`[data-key="${bar.key}"]`)?.focus());
    },
    shift(bar, key) {
      const sideways = { ArrowLeft: -1, ArrowRight: 1 }[key] ?? 0, down = { ArrowUp: -1, ArrowDown: 1 }[key] ?? 0;
      const rows = this.view.rows, n = rows.findIndex((row) => row.key === this.held.row) + down;
      const row = rows[Math.max(0, Math.min(rows.length - 1, n))].key;
      this.held = { ...this.held, at: this.shifted(this.held.at, sideways * this.view.step_min), row };
      this.said = fill(this.words.over, { car: bar.car, row: this.rowWord(row), time: this.timeWord(this.held.at) });
      this.$nextTick(() => this.$el.querySelector(`[data-key="${bar.key}"]`)?.focus());
    },
  },
  template: `
    <div class="pit-calendar card clip" role="group" :aria-label="label">
      <p class="unseen" aria-live="polite">{{ said }}</p>
      <div ref="scroll" class="cal-scroll" tabindex="0"><div class="cal-inner">
        <div class="cal-row head"><span class="label fine">{{ words.pits }}</span><div class="lane-of">
          <span v-for="day in view.days" class="cal-day" :class="{ today: day.is_today }" :style="{ left: share(day.from_min), width: share(day.until_min - day.from_min) }"><b>{{ day.word }}</b><small v-if="day.holiday" class="cut">{{ day.holiday }}</small></span>
          <span v-for="tick in view.ticks" class="cal-tick num" :style="{ left: share(tick.at_min) }">{{ tick.word }}</span>
        </div></div>
        <div v-for="row in rows" :key="row.key" class="cal-row"><span class="label">{{ row.label }}</span><div class="lane-of" :data-row="row.key" :style="{ height: row.height }">
          <i v-for="[from, until] in view.shut" class="shut" :style="{ left: share(from), width: share(until - from) }"></i>
          <i v-for="day in view.days.slice(1)" class="line" :style="{ left: share(day.from_min) }"></i>
          <i v-for="tick in view.ticks" class="line" :style="{ left: share(tick.at_min) }"></i>
          <i v-if="view.now_min !== null" class="now" :title="words.now" :style="{ left: share(view.now_min) }"></i>
          <a v-for="each in row.placed" :key="each.bar.key" class="cal-bar" :href="each.bar.href" draggable="false" :data-key="each.bar.key" :data-state="each.bar.tone" :class="{ moves: each.bar.moves, late: each.bar.late, held: held?.key === each.bar.key }" :style="each.style" :title="each.bar.says"
            :aria-label="each.bar.car + ', ' + each.bar.line + ', ' + each.bar.says" :aria-description="each.bar.moves ? words.help : undefined"
            @pointerdown="grab($event, each.bar)" @touchmove="holdStill" @contextmenu="holdStill" @keydown="press($event, each.bar)">
            <b class="cut">{{ each.bar.car }}</b><span class="cut">{{ each.bar.line }}</span></a>
        </div></div>
      </div></div>
    </div>`,
};
