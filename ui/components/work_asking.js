/* What the tablet asks before it does something: a mixin of work_tablet.js. A sheet has what it shows and what its answer
   does; most answers add one entry. */

import { fill } from "pitpilot";
import * as effects from "work_effects";

const CLIMATE = new Set(["climate_out", "climate_unknown"]);
/* Wet gloves tap twice: what the second tap would hit is another thing already. */
const RESTS_MS = 1_000;
const SAID_CHARS = 2_000, REASON_CHARS = 300;

export const asking = {
  data: () => ({ sheet: null, isResting: false }),
  methods: {
    fillWords: fill,
    rest() {
      this.isResting = true;
      setTimeout(() => { this.isResting = false; }, RESTS_MS);
    },
    answer(said) {
      const { then } = this.sheet;
      this.sheet = null;
      this.rest();
      then(said);
    },
    confirm(title, text, verb, then) { this.sheet = { is: "confirm", props: { title, text, verb }, then }; },
    choice(title, text, choices, then) { this.sheet = { is: "choice", props: { title, text, choices }, then }; },
    say(title, text, more, then) {
      const props = { title, text, phrases: [], withPhoto: false, verb: this.words.save, most: SAID_CHARS, ...more };
      this.sheet = { is: "say", props, then };
    },
    ask(what) {
      const { job, words } = this, car = `${job.make} ${job.model}`;
      const sent = (event, more) => this.add(effects.move(job, event, more));
      const open = job.checks.filter((item) => !job.checked.includes(item)).map((item) => words.names.checks[item]);
      const asks = {
        finish_stage: () => (open.length ? this.confirm(words.finish_open, open.join(", "), words.finish_anyway, () => this.finish(job)) : this.finish(job)),
        start: () => this.confirm(fill(words.ask_start, { car }), this.startText(job), words.start, () => sent("start")),
        submit: () => this.confirm(fill(words.ask_submit, { car }), words.ask_submit_text, words.submit, () => sent("submit")),
        pass: () => this.confirm(fill(words.ask_pass, { car }), words.ask_pass_text, words.pass, () => sent("pass")),
        resume: () => sent("resume"),
        hold: () => this.choice(words.ask_hold, "", this.named("holds", words.hold_icons), (hold_reason) => sent("hold", { hold_reason })),
        take: () => this.add(effects.assign(job, job.pit_id, [...job.staff, this.owner.person])),
        pit: () => this.choice(words.ask_pit, "", this.freePits(), (pit) => {
          this.add(effects.assign(job, pit, job.staff.length ? job.staff : [this.owner.person]));
          this.chosen = pit;
        }),
        fail: () => this.askFail(job),
        note: () => this.say(words.ask_note, car, {}, ({ said }) => this.add(effects.note(job, said))),
        defect: () => this.say(words.ask_defect, car, { phrases: words.defects, withPhoto: true }, (said) => this.noteDefect(job, said)),
      };
      this.rest();
      asks[what]();
    },
    startText(job) {
      const crew = job.mine ? "" : fill(this.words.belongs_to, { who: job.staff_names.join(", ") });
      return [fill(this.words.in_pit, { pit: this.pitName(job.pit_id) }), crew].filter(Boolean).join(" ");
    },
    named(kind, icons) { return Object.entries(this.words.names[kind]).map(([key, word]) => [key, word, icons[key] ?? "chevron_right"]); },
    freePits() { return this.cards.filter((card) => !this.carIn(card)).map((card) => [card.id, `${card.name}, ${card.says}`, this.ICONS[card.shown]]); },
    askFail(job) {
      const { words } = this;
      if (!job.defects) {
        this.say(words.ask_defect, words.fail_needs_defect, { phrases: words.defects, withPhoto: true }, async (said) => {
          await this.noteDefect(job, said);
          this.askFail(this.shown.find((each) => each.id === job.id) ?? job);
        });
        return;
      }
      const stages = [...job.stages].reverse().map((stage) => [stage, words.names.stages[stage], "replay"]);
      this.choice(words.ask_fail, words.ask_fail_text, stages, (stage) => this.add(effects.move(job, "fail", { stage })));
    },
    async noteDefect(job, { said, photo }) {
      const shown = photo ? await this.photo(photo, job) : null;
      await this.add(effects.defect(job, said, shown));
    },
    /* Once more, knowing what the job is now: with a reason where the climate was in the way. */
    again(entry) {
      const job = this.shown.find((each) => each.id === entry.job_id);
      if (!job) return;
      const send = (more) => {
        const body = "version" in entry.body ? { ...entry.body, version: job.version, ...more } : entry.body;
        this.queue.drop(entry);
        const { kind, job_id, method, path, item, photo, stage } = entry;
        this.add({ kind, job_id, method, path, item, photo, stage, body });
      };
      if (!CLIMATE.has(entry.refused.code)) send({});
      else {
        const more = { phrases: this.words.overrides, verb: this.words.go_on, most: REASON_CHARS };
        this.say(this.words.ask_override, this.words.refusals[entry.refused.code], more, ({ said }) => send({ overrides_climate: true, reason: said }));
      }
    },
  },
};
