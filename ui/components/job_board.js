/* Jobs as cards in lanes. A card is carried by mouse or by a finger that rests on it; one that was dropped stands in its
   new lane at once; what the server shows next is true. Keys: Space picks up, left and right choose a lane, Space or Enter puts down, Escape leaves; arrows without a card in
   hand walk from card to card. */

import { carry, holdStill } from "dragging";

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

export default {
  props: { lanes: Array, cards: Array, round: Number, label: String, words: Object },
  emits: ["move", "menu"],
  data: () => ({ ahead: {}, dragged: null, over: null, held: null, said: "" }),
  computed: {
    byLane() {
      const found = Object.fromEntries(this.lanes.map((lane) => [lane.key, []]));
      for (const card of this.cards) found[this.laneOf(card)]?.push(card);
      return found;
    },
  },
  watch: {
    round() {
      for (const [key, lane] of Object.entries(this.ahead)) {
        const card = this.cards.find((each) => each.key === key);
        if (card && card.lane !== lane) this.said = fill(this.words.back, { car: card.car, lane: this.name(card.lane) });
      }
      this.ahead = {};
      if (this.held && !this.cards.some((card) => card.key === this.held.key)) this.held = null;
      this.keepFocus();
    },
  },
  methods: {
    laneOf(card) { return this.ahead[card.key] ?? card.lane; },
    name(key) { return this.lanes.find((lane) => lane.key === key)?.label ?? ""; },
    put(key, lane) {
      const card = this.cards.find((each) => each.key === key);
      if (!card || this.laneOf(card) === lane) return;
      this.ahead = { ...this.ahead, [key]: lane };
      this.said = fill(this.words.moved, { car: card.car, lane: this.name(lane) });
      this.$emit("move", { key, lane });
      this.keepFocus(key);
    },
    holdStill,
    grab(event, card) {
      if (event.target.closest("button")) return;
      const leave = () => { this.dragged = this.over = null; };
      carry(event, {
        begin: () => { this.dragged = { key: card.key, x: 0, y: 0 }; },
        move: (at, by) => {
          this.dragged = { key: card.key, ...by };
          this.over = this.laneAt(at);
        },
        drop: (at) => {
          leave();
          const lane = this.laneAt(at);
          if (lane) this.put(card.key, lane);
        },
        leave,
      });
    },
    laneAt({ x, y }) {
      const isThere = ({ left, right, top, bottom }) => x >= left && x < right && y >= top && y < bottom;
      return [...this.$el.querySelectorAll(".lane")].find((lane) => isThere(lane.getBoundingClientRect()))?.dataset.lane ?? null;
    },
    carried(card) { return this.dragged?.key === card.key ? { transform: `translate(${this.dragged.x}px, ${this.dragged.y}px)` } : null; },
    keepFocus(key) {
      const wanted = key ?? document.activeElement?.closest?.(".job-card")?.dataset.key;
      if (wanted) this.$nextTick(() => this.cardElement(wanted)?.focus());
    },
    cardElement(key) { return [...this.$el.querySelectorAll(".job-card")].find((card) => card.dataset.key === key); },
    press(event, card) {
      if (event.target.closest("a, button") && event.key !== "Escape") return;
      const at = this.lanes.findIndex((lane) => lane.key === (this.held ? this.held.lane : this.laneOf(card)));
      const sideways = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (event.key === " " || (event.key === "Enter" && this.held)) this.pickOrPut(card);
      else if (event.key === "Enter") this.$el.querySelector(`[data-key="${card.key}"] a`)?.click();
      else if (event.key === "Escape" && this.held) this.letGo(card);
      else if (sideways && this.held) this.reach(at + sideways);
      else if (sideways) this.walk(at, sideways);
      else if (event.key === "ArrowDown" || event.key === "ArrowUp") this.step(card, event.key === "ArrowDown" ? 1 : -1);
      else return;
      event.preventDefault();
    },
    pickOrPut(card) {
      const lane = this.laneOf(card);
      if (!this.held) {
        this.held = { key: card.key, lane };
        this.said = fill(this.words.picked, { car: card.car, lane: this.name(lane) });
        return;
      }
      const wanted = this.held.lane;
      this.held = this.over = null;
      if (wanted === lane) this.said = fill(this.words.left, { car: card.car, lane: this.name(lane) });
      else this.put(card.key, wanted);
    },
    reach(to) {
      const lane = this.lanes[Math.max(0, Math.min(this.lanes.length - 1, to))];
      this.held.lane = this.over = lane.key;
      this.said = fill(this.words.over, { lane: lane.label });
    },
    letGo(card) {
      this.held = this.over = null;
      this.said = fill(this.words.left, { car: card.car, lane: this.name(this.laneOf(card)) });
    },
    walk(from, sideways) {
      for (let at = from + sideways; at >= 0 && at < this.lanes.length; at += sideways) {
        const first = this.byLane[this.lanes[at].key][0];
        if (first) { this.cardElement(first.key)?.focus(); return; }
      }
    },
    step(card, by) {
      const cards = this.byLane[this.laneOf(card)];
      const next = cards[cards.findIndex((each) => each.key === card.key) + by];
      if (next) this.cardElement(next.key)?.focus();
    },
    menuLabel(card) { return fill(this.words.menu, { car: card.car }); },
  },
  template: `
    <div class="job-board" role="group" :aria-label="label">
      <p class="unseen" aria-live="polite">{{ said }}</p>
      <section v-for="lane in lanes" :key="lane.key" class="lane" :data-lane="lane.key" :data-state="lane.tone" :class="{ over: over === lane.key, none: !byLane[lane.key].length }">
        <header><i class="icon" aria-hidden="true">{{ lane.icon }}</i><h2 class="cut grow">{{ lane.label }}</h2><span class="num quiet">{{ byLane[lane.key].length }}</span></header>
        <p v-if="!byLane[lane.key].length" class="fine">{{ lane.empty }}</p>
        <article v-for="card in byLane[lane.key]" :key="card.key" class="job-card" :data-key="card.key" tabindex="0" :aria-label="card.car + ', ' + card.plate + ', ' + card.standing" :aria-description="words.help"
          :class="{ held: held?.key === card.key, carried: dragged?.key === card.key, ahead: card.key in ahead }" :style="carried(card)"
          @pointerdown="grab($event, card)" @touchmove="holdStill" @contextmenu="holdStill" @keydown="press($event, card)">
          <div class="top"><a class="cut grow" :href="card.href" draggable="false">{{ card.car }}</a><button type="button" class="btn square plain" :aria-label="menuLabel(card)" @click="$emit('menu', card.key)"><i class="icon" aria-hidden="true">more_vert</i></button></div>
          <p class="id quiet">{{ card.plate }}</p>
          <div class="stage-line"><span class="segments" aria-hidden="true"><i v-for="kind in card.segments" :class="kind"></i></span><span class="cut">{{ card.standing }}</span></div>
          <div v-if="card.time" class="due"><b class="num">{{ card.time }}</b><span class="fine">{{ words.promised }}</span><span v-if="card.late" class="chip" data-state="warn"><i class="icon s" aria-hidden="true">schedule</i>{{ card.late }}</span></div>
          <p v-if="card.who" class="fine cut">{{ card.who }}</p>
          <p v-if="card.note" class="fine">{{ card.note }}</p>
        </article>
      </section>
    </div>`,
};
