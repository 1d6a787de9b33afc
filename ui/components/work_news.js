/* What has not reached the workshop yet, and what it refused: never silent, never in the way of the next tap. */

import { fill, number } from "pitpilot";

/* Refusals after which the same may be asked again. */
const AGAIN = new Set(["moved_meanwhile", "climate_out", "climate_unknown", "pit_taken", "too_many_photos", "not_found"]);

export const WorkNews = {
  props: { entries: Array, others: Array, halt: String, away: Boolean, kept: Boolean, jobs: Array, words: Object },
  emits: ["again", "drop", "retry"],
  computed: {
    waiting() { return this.entries.filter((entry) => !entry.refused && !entry.landed); },
    refused() { return this.entries.filter((entry) => entry.refused); },
    isOut() { return this.halt === "later" || this.away; },
    line() {
      const n = this.waiting.length, words = this.words;
      const waits = n ? fill(n === 1 ? words.waits_1 : words.waits, { n: number(n, 0, words) }) : words.go_on_working;
      return `${words.offline} ${waits}`;
    },
  },
  methods: {
    what(entry) {
      const { words } = this, names = words.names;
      if (entry.kind === "move" && entry.body.event === "finish_stage") return fill(words.finish, { stage: names.lower[entry.body.stage] });
      if (entry.kind === "move") return names.events[entry.body.event];
      if (entry.kind === "tick") return names.checks[entry.item];
      return [names.kinds[entry.kind], entry.body?.said].filter(Boolean).join(": ");
    },
    car(entry) {
      const job = this.jobs.find((each) => each.id === entry.job_id);
      return job ? `${job.make} ${job.model}` : "";
    },
    why(entry) {
      const { words } = this, job = this.jobs.find((each) => each.id === entry.job_id);
      if (entry.refused.code === "moved_meanwhile" && job?.other_person) return fill(words.moved_by, { who: job.other_person });
      return words.refusals[entry.refused.code] ?? entry.refused.detail;
    },
    waitOfOthers() { return fill(this.words.others_wait, { who: [...new Set(this.others.map((entry) => entry.who))].join(", ") }); },
    canAgain(entry) {
      const job = this.jobs.find((each) => each.id === entry.job_id);
      if (!job || !AGAIN.has(entry.refused.code)) return false;
      return entry.kind !== "move" || (job.allowed.includes(entry.body.event) && (entry.body.event !== "finish_stage" || job.stage === entry.body.stage));
    },
  },
  template: `
    <div class="work-news" aria-live="polite">
      <div v-if="halt === 'signed_out'" class="alert full" data-state="warn"><i class="icon l" aria-hidden="true">lock</i><div class="says"><h3>{{ words.signed_out }}</h3><p>{{ words.signed_out_text }}</p></div><a class="btn glove" href="/sign-in?next=/work">{{ words.sign_in }}</a></div>
      <div v-else-if="isOut" class="alert full" data-state="unknown"><i class="icon l" aria-hidden="true">wifi_off</i><div class="says"><h3>{{ line }}</h3><p>{{ kept ? words.kept : words.not_kept }}</p></div><button type="button" class="btn glove" @click="$emit('retry')">{{ words.retry }}</button></div>
      <div v-for="entry in refused" :key="entry.key" class="alert full" data-state="warn" role="alert">
        <i class="icon l" aria-hidden="true">warning</i>
        <div class="says"><h3>{{ [what(entry), car(entry)].filter(Boolean).join(", ") }}</h3><p>{{ why(entry) }}</p></div>
        <button v-if="canAgain(entry)" type="button" class="btn glove" @click="$emit('again', entry)">{{ words.try_again }}</button>
        <button type="button" class="btn glove" @click="$emit('drop', entry)">{{ words.understood }}</button>
      </div>
      <p v-if="others.length" class="quiet">{{ waitOfOthers() }}</p>
    </div>`,
};
