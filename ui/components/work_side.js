/* Right of the work: what is wrong in the pit, its climate, and the place for its live picture. */

import { Metric } from "pitpilot_pits";

export const WorkSide = {
  components: { Metric },
  props: { card: Object, warnings: Array, job: Object, words: Object },
  emits: ["seen"],
  methods: {
    title(alert) {
      const isFilm = this.job?.state === "in_progress" && this.job.stage === "film";
      return alert.state === "crit" && isFilm ? this.words.stop_film : alert.title;
    },
  },
  template: `
    <div class="work-side">
      <section v-for="alert in warnings.slice(0, 2)" :key="alert.id" class="card pad warning" :data-state="alert.state" role="alert">
        <h2 class="cluster"><i class="icon l" aria-hidden="true">{{ alert.icon }}</i>{{ title(alert) }}</h2>
        <p>{{ alert.text }}</p>
        <button type="button" class="btn glove" :class="{ danger: alert.state === 'crit' }" @click="$emit('seen', alert)">{{ words.seen }}</button>
      </section>
      <section class="card climate" :aria-label="words.climate">
        <p v-if="card.silent || card.age" class="quiet cluster"><i class="icon" aria-hidden="true">{{ card.silent ? "sensors_off" : "schedule" }}</i>{{ card.silent || card.age }}</p>
        <metric v-for="m in card.metrics" :key="m.key" :metric="m" :unknown="card.shown === 'unknown'" :tall="true" :words="words" />
      </section>
      <div class="picture"><slot /></div>
    </div>`,
};
