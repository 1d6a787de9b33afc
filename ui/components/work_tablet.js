/* The staff's tablet: the pits on top, the work left, the climate right. It talks with the API itself and paints what was
   tapped at once, so that it goes on while the page's socket is away; what was not sent yet waits in work_queue.js. */

import { ICONS, clock, listen, newKey } from "pitpilot";
import { livePits } from "pitpilot_pits";
import { Photos } from "photos";
import * as effects from "work_effects";
import { WorkJob, WorkLine } from "work_job";
import { WorkQueue } from "work_queue";
import { Choice, Confirm, Say } from "work_sheets";
import { asking } from "work_asking";
import { WorkNews } from "work_news";
import { WorkSide } from "work_side";

const WORK = "/api/v1/work";
const READ_WITHIN_MS = 10_000, READ_EVERY_MS = 30_000;
const UNDO_SHOWN_MS = 8_000;
const IN_PIT = new Set(["in_progress", "quality_check", "on_hold"]);

export default {
  mixins: [livePits, asking],
  components: { Choice, Confirm, Photos, Say, WorkJob, WorkLine, WorkNews, WorkSide },
  props: { pits: Array, now_ms: Number, words: Object, zone: String, owner: Object, facts: Object, alerts: Array, turn: Number },
  emits: ["visibility", "pit"],
  data: () => ({
    jobs: null, isAway: false, entries: [], others: [], halt: "", isKept: true, chosen: "", opened: null,
    now: clock.now(), undoable: null, showsPhotos: false, ICONS,
  }),
  computed: {
    shown() {
      const waiting = this.entries.filter((entry) => !entry.refused);
      return (this.jobs ?? []).map((job) => effects.painted(job, waiting, this.facts));
    },
    mine() { return this.shown.filter((job) => job.mine); },
    unowned() { return this.shown.filter((job) => !job.mine); },
    card() { return this.cards.find((card) => card.id === this.chosen); },
    job() {
      if (this.opened) return this.shown.find((job) => job.id === this.opened);
      const here = this.shown.filter((job) => job.pit_id === this.chosen);
      return here.find((job) => IN_PIT.has(job.state)) ?? here.find((job) => job.state === "received") ?? here.find((job) => job.state === "complete");
    },
    seenMeanwhile() { return new Set(this.entries.filter((entry) => entry.kind === "seen" && !entry.refused).map((entry) => entry.alert_id)); },
    warnings() { return this.alerts.filter((alert) => alert.pit === this.chosen && !alert.seen && !this.seenMeanwhile.has(alert.id)); },
  },
  watch: {
    turn() { this.read(); },
    chosen(pit) { this.$emit("pit", pit); },
    showsPhotos(shows) { if (shows) this.$nextTick(() => this.$refs.photos?.showModal()); },
  },
  mounted() {
    this.queue = new WorkQueue({ owner: this.owner, changed: () => this.copy(), landed: (entry) => this.landed(entry) });
    this.connected = listen({ connect: () => this.back() });
    this.online = () => this.back();
    addEventListener("online", this.online);
    this.clocking = setInterval(() => { this.now = clock.now(); }, 5_000);
    this.reading = setInterval(() => this.read(), READ_EVERY_MS);
    this.queue.start();
    this.read();
  },
  unmounted() {
    this.queue.stop();
    this.connected();
    removeEventListener("online", this.online);
    for (const timer of [this.clocking, this.reading]) clearInterval(timer);
    clearTimeout(this.undoing);
  },
  methods: {
    copy() {
      const { entries, others, halt, isKept } = this.queue;
      Object.assign(this, { entries: [...this.gone, ...entries.filter((entry) => !entry.landed)], others, halt, isKept });
    },
    back() { this.queue.flush(); this.read(); },
    /* What has landed stays painted until an answer that was asked for after it has come. */
    landed(entry) {
      if (entry.refused) this.undoable = null;
      else this.gone = [...this.gone, Object.assign(entry, { landed: true })];
      this.copy();
      this.read();
    },
    async read() {
      const gone = this.gone, asked = (this.asked = (this.asked ?? 0) + 1);
      try {
        const answer = await fetch(WORK, { signal: AbortSignal.timeout(READ_WITHIN_MS) });
        if (answer.status === 401) this.halt = "signed_out";
        if (!answer.ok) throw new Error(answer.status);
        const { jobs, now } = await answer.json();
        if (asked !== this.asked) return;
        clock.learn(new Date(now).getTime());
        const isFirst = this.jobs === null;
        this.jobs = jobs;
        this.gone = this.gone.filter((entry) => !gone.includes(entry));
        this.isAway = false;
        this.copy();
        if (isFirst) this.choose();
      } catch {
        if (asked === this.asked) this.isAway = true;
      }
    },
    choose() {
      const current = this.mine.find((job) => job.state === "in_progress") ?? this.mine.find((job) => IN_PIT.has(job.state));
      if (current && !this.chosen) this.chosen = current.pit_id;
    },
    look(pit) { this.opened = null; this.chosen = pit; this.showsPhotos = false; },
    open(job) {
      this.chosen = job.pit_id ?? "";
      this.opened = job.id;
    },
    pitName(id) { return this.cards.find((card) => card.id === id)?.name ?? ""; },
    carIn(card) { return this.shown.find((job) => job.pit_id === card.id && IN_PIT.has(job.state)); },
    add(entry) { return this.queue.add(entry); },
    tickOff(item, on) { this.add(effects.tick(this.job, item, on)); },
    async photo(file, job = this.job) {
      const key = newKey();
      await this.add(effects.photo(job, await effects.shrunk(file), key));
      return key;
    },
    seen(alert) { this.add(effects.seen(alert.id)); },
    async finish(job) {
      const entry = await this.add(effects.move(job, "finish_stage", { stage: job.stage }));
      clearTimeout(this.undoing);
      this.undoable = { entry, job: job.id, stage: job.stage };
      this.undoing = setTimeout(() => { this.undoable = null; }, UNDO_SHOWN_MS);
    },
    async undo() {
      const { entry, job } = this.undoable;
      this.undoable = null;
      if (await this.queue.takeBack(entry)) return;
      const now = this.shown.find((each) => each.id === job);
      if (now) this.add(effects.undo(now));
    },
  },
  created() { this.gone = []; },
  template: `
    <div class="work-tablet">
      <div class="switch" role="group" :aria-label="words.pits">
        <button type="button" :aria-pressed="!chosen && !opened" @click="look('')"><i class="icon l" aria-hidden="true">assignment</i><span>{{ words.my_jobs }}<small class="num">{{ jobs ? mine.length : "" }}</small></span></button>
        <button v-for="card in cards" :key="card.id" type="button" :data-state="card.shown" :aria-pressed="chosen === card.id" @click="look(card.id)">
          <i class="icon l" aria-hidden="true">{{ ICONS[card.shown] }}</i><span>{{ card.name }}<small>{{ words[card.shown] }}</small></span>
        </button>
      </div>
      <work-news :entries="entries" :others="others" :halt="halt" :away="isAway" :kept="isKept" :jobs="shown" :words="words" @again="again" @drop="queue.drop($event)" @retry="back" />
      <div class="work-columns" :class="{ one: !chosen }">
        <work-job v-if="job" :key="job.id" :job="job" :words="words" :zone="zone" :now="now" @tick="tickOff" @photo="photo" @ask="ask" :resting="isResting" @photos="showsPhotos = true" />
        <section v-else-if="jobs === null" class="card blank" :aria-busy="!isAway"><i class="icon huge" aria-hidden="true">{{ isAway ? "wifi_off" : "hourglass_top" }}</i><h2>{{ isAway ? words.no_answer : words.loading }}</h2></section>
        <section v-else-if="chosen" class="card blank"><i class="icon huge" aria-hidden="true">garage</i><h2>{{ words.no_car }}</h2><p>{{ words.no_car_text }}</p></section>
        <section v-else class="work-list">
          <h2 class="big">{{ words.my_jobs_today }}</h2>
          <div v-if="mine.length" class="card clip"><work-line v-for="line in mine" :key="line.id" :job="line" :pit="pitName(line.pit_id)" :words="words" @open="open(line)" /></div>
          <div v-else class="card blank"><i class="icon huge" aria-hidden="true">event_available</i><h2>{{ words.nothing_today }}</h2><p>{{ words.nothing_today_text }}</p></div>
          <template v-if="unowned.length"><h2>{{ words.others }}</h2><div class="card clip"><work-line v-for="line in unowned" :key="line.id" :job="line" :pit="pitName(line.pit_id)" :words="words" @open="open(line)" /></div></template>
        </section>
        <work-side v-if="card" :card="card" :warnings="warnings" :job="job" :words="words" @seen="seen"><slot /></work-side>
      </div>
      <div v-if="undoable" class="toast work-toast" data-state="ok" role="status">
        <i class="icon l" aria-hidden="true">check_circle</i><p>{{ fillWords(words.finished, { stage: words.names.stages[undoable.stage] }) }}</p>
        <button type="button" class="btn glove" @click="undo">{{ words.undo }}</button>
      </div>
      <dialog v-if="showsPhotos && job" ref="photos" class="work-sheet wide" :aria-label="words.photos" @close="showsPhotos = false">
        <header><h2>{{ words.photos }}</h2><button type="button" class="btn glove square" :aria-label="words.close" @click="showsPhotos = false"><i class="icon l" aria-hidden="true">close</i></button></header>
        <photos :job_id="job.id" :may_change="true" :only_look="true" :turn="job.photos" :words="words.of_photos" :zone="zone" />
      </dialog>
      <component v-if="sheet" :is="sheet.is" v-bind="sheet.props" :words="words" @close="sheet = null" @answer="answer" />
    </div>`,
};
