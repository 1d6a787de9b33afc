/* One car on the staff's tablet: what it is, where its work stands, what is ticked off, and the one next thing to do. */

import { fill, number } from "pitpilot";

const MINUTE_MS = 60_000;
const HELD = "on_hold", WORKED_ON = "in_progress", CHECKED = "quality_check";

export const WorkJob = {
  props: { job: Object, words: Object, zone: String, now: Number, resting: Boolean },
  emits: ["tick", "photo", "ask", "photos"],
  computed: {
    names() { return this.words.names; },
    promised() {
      if (!this.job.promised_at) return "";
      const at = new Date(this.job.promised_at), day = { timeZone: this.zone, day: "numeric", month: "short" };
      const format = (options) => new Intl.DateTimeFormat(this.words.locale, options).format;
      const time = format({ timeZone: this.zone, hour: "2-digit", minute: "2-digit", hour12: false })(at);
      const isToday = format(day)(at) === format(day)(new Date(this.now));
      return fill(at < this.now && !this.isDone ? this.words.late : this.words.promised, { time: isToday ? time : `${format(day)(at)}, ${time}` });
    },
    isDone() { return this.job.state === "complete"; },
    stands() { return this.job.state === WORKED_ON && this.job.stage ? this.names.stages[this.job.stage] : this.names.states[this.job.state]; },
    nth() {
      if (this.job.state === HELD) return this.names.holds[this.job.hold_reason] ?? "";
      if (this.job.state !== WORKED_ON || !this.job.stage) return "";
      const n = this.job.stages.indexOf(this.job.stage) + 1;
      return fill(this.words.nth, { n: number(n, 0, this.words), all: number(this.job.stages.length, 0, this.words) });
    },
    spent() {
      if (this.job.state !== WORKED_ON || !this.job.stage_since) return "";
      const min = Math.max(0, Math.floor((this.now - new Date(this.job.stage_since)) / MINUTE_MS));
      return `${number(Math.floor(min / 60), 0, this.words)}:${String(min % 60).padStart(2, "0").replace(/\d/g, (d) => number(+d, 0, this.words))}`;
    },
    usual() {
      const min = this.job.stage_min;
      if (!this.spent || !min) return "";
      const n = (value, word) => fill(this.words[word], { n: number(value, 0, this.words) });
      const whole = min < 60 ? n(min, "min") : min % 60 ? `${n(Math.floor(min / 60), "h")} ${n(min % 60, "min")}` : n(min / 60, "h");
      return fill(this.words.of_usual, { time: whole });
    },
    open() { return this.job.checks.filter((item) => !this.job.checked.includes(item)).length; },
    left() { return this.open ? fill(this.open === 1 ? this.words.check_left : this.words.checks_left, { n: number(this.open, 0, this.words) }) : ""; },
    crew() { return this.job.staff_names.join(", "); },
    belongs() { return fill(this.words.belongs_to, { who: this.crew }); },
    main() {
      const { state, stage, pit_id, staff } = this.job, words = this.words;
      if (state === "received") {
        if (!pit_id) return { event: "pit", icon: "garage", word: words.choose_pit };
        if (!staff.length) return { event: "take", icon: "back_hand", word: words.take };
        return { event: "start", icon: "play_arrow", word: words.start };
      }
      if (state === WORKED_ON && stage) return { event: "finish_stage", icon: "check", word: fill(words.finish, { stage: this.names.lower[stage] }), note: this.left };
      if (state === WORKED_ON) return { event: "submit", icon: "fact_check", word: words.submit };
      if (state === CHECKED) return { event: "pass", icon: "verified", word: words.pass, note: this.left, off: this.open > 0 };
      if (state === HELD) return { event: "resume", icon: "play_arrow", word: words.resume };
      return null;
    },
    canHold() { return this.job.state === WORKED_ON || this.job.state === CHECKED; },
  },
  methods: {
    bar(stage, i) {
      if (this.job.stages_done.includes(stage) || this.isDone) return "done";
      return stage === this.job.stage && this.job.state === WORKED_ON ? "now" : "";
    },
    took(event) {
      for (const file of event.target.files) this.$emit("photo", file);
      event.target.value = "";
    },
  },
  template: `
    <section class="card work-job" :aria-label="job.make + ' ' + job.model">
      <div class="cluster top"><h2 class="grow big">{{ job.make }} {{ job.model }}</h2><span class="id">{{ job.plate }}</span></div>
      <p class="quiet">{{ [names.works[job.work_type], promised, job.colour].filter(Boolean).join(", ") }}</p>
      <p v-if="crew && !job.mine" class="quiet">{{ belongs }}</p>
      <div class="cluster stands" aria-live="polite"><b>{{ stands }}</b><span class="grow quiet">{{ nth }}</span><span v-if="spent" class="num spent">{{ spent }}</span><span v-if="usual" class="quiet num">{{ usual }}</span></div>
      <span class="stages" aria-hidden="true"><i v-for="stage in job.stages" :class="bar(stage)"></i></span>
      <p v-if="job.rework" class="cluster rework" data-state="warn"><i class="icon" aria-hidden="true">replay</i>{{ words.again }}</p>
      <p v-if="job.note" class="said quiet">{{ job.note }}</p>
      <div class="ticks">
        <button v-for="item in job.checks" type="button" class="tick" :class="{ on: job.checked.includes(item) }" role="checkbox" :aria-checked="job.checked.includes(item)" @click="$emit('tick', item, !job.checked.includes(item))">
          <span class="box"><i v-if="job.checked.includes(item)" class="icon l" aria-hidden="true">check</i></span>{{ names.checks[item] }}
        </button>
        <p v-if="isDone" class="quiet ready">{{ words.ready }}</p>
      </div>
      <div class="foot">
      <div class="acts">
        <label class="btn glove"><i class="icon l" aria-hidden="true">photo_camera</i><span>{{ words.photo }}</span><input class="unseen" type="file" accept="image/*" capture="environment" multiple @change="took" /></label>
        <button v-if="!isDone" type="button" class="btn glove" @click="$emit('ask', 'defect')"><i class="icon l" aria-hidden="true">flag</i><span>{{ words.defect }}<template v-if="job.defects && job.state === 'quality_check'"> {{ job.defects }}</template></span></button>
        <button type="button" class="btn glove" @click="$emit('ask', 'note')"><i class="icon l" aria-hidden="true">edit_note</i><span>{{ words.note }}</span></button>
        <button v-if="canHold" type="button" class="btn glove" @click="$emit('ask', 'hold')"><i class="icon l" aria-hidden="true">pause</i><span>{{ words.hold }}</span></button>
        <button v-if="job.photos" type="button" class="btn glove" @click="$emit('photos')"><i class="icon l" aria-hidden="true">photo_library</i><span class="num">{{ job.photos }}</span><span class="unseen">{{ words.photos }}</span></button>
      </div>
      <div v-if="main" class="mains">
      <button v-if="job.state === 'quality_check'" type="button" class="btn motor" :disabled="resting" @click="$emit('ask', 'fail')"><i class="icon l" aria-hidden="true">replay</i><span>{{ words.fail }}</span></button>
      <button type="button" class="btn motor primary main" :disabled="main.off || resting" @click="$emit('ask', main.event)">
        <i class="icon l" aria-hidden="true">{{ main.icon }}</i><span>{{ main.word }}<small v-if="main.note">{{ main.note }}</small></span>
      </button>
      </div>
      </div>
    </section>`,
};

/* A line of the list: the whole of it is pressed. */
export const WorkLine = {
  props: { job: Object, pit: String, words: Object },
  emits: ["open"],
  computed: {
    stands() {
      const { names } = this.words;
      return this.job.state === WORKED_ON && this.job.stage ? names.stages[this.job.stage] : names.states[this.job.state];
    },
  },
  template: `
    <button type="button" class="work-line" @click="$emit('open')">
      <span class="grow"><b>{{ job.make }} {{ job.model }}</b><span class="id quiet">{{ job.plate }}</span></span>
      <span class="right"><b>{{ stands }}</b><span class="quiet">{{ pit || words.no_pit }}</span></span>
      <i class="icon l" aria-hidden="true">chevron_right</i>
    </button>`,
};
