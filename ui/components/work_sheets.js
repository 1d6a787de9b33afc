/* What slides over the tablet's page to ask: each answers once, by one tap on something large. */

const Sheet = {
  props: { title: String, text: String, words: Object },
  emits: ["close"],
  mounted() { this.$refs.dialog.showModal(); },
  template: `
    <dialog ref="dialog" class="work-sheet" @cancel.prevent="$emit('close')" :aria-label="title">
      <header><h2>{{ title }}</h2><button type="button" class="btn glove square" :aria-label="words.close" @click="$emit('close')"><i class="icon l" aria-hidden="true">close</i></button></header>
      <p v-if="text">{{ text }}</p>
      <slot />
    </dialog>`,
};

/* "Start work?": for what can't be undone. */
export const Confirm = {
  components: { Sheet },
  props: { title: String, text: String, verb: String, words: Object },
  emits: ["close", "answer"],
  template: `
    <sheet :title="title" :text="text" :words="words" @close="$emit('close')">
      <button type="button" class="btn motor primary" @click="$emit('answer', true)">{{ verb }}</button>
      <button type="button" class="btn glove" @click="$emit('close')">{{ words.back }}</button>
    </sheet>`,
};

/* One of a few: what a job waits for, from which stage on it is done again, which pit. */
export const Choice = {
  components: { Sheet },
  props: { title: String, text: String, choices: Array, words: Object },
  emits: ["close", "answer"],
  template: `
    <sheet :title="title" :text="text" :words="words" @close="$emit('close')">
      <button v-for="[key, word, icon] in choices" type="button" class="btn glove left" @click="$emit('answer', key)"><i class="icon l" aria-hidden="true">{{ icon }}</i>{{ word }}</button>
    </sheet>`,
};

/* Words, with those that are said most often ready to be tapped; a photo if it helps. */
export const Say = {
  components: { Sheet },
  props: { title: String, text: String, phrases: Array, withPhoto: Boolean, verb: String, most: Number, words: Object },
  emits: ["close", "answer"],
  data: () => ({ said: "", photo: null, shown: "" }),
  computed: { canSay() { return this.said.trim().length > 0; } },
  unmounted() { URL.revokeObjectURL(this.shown); },
  methods: {
    put(phrase) { this.said = this.said.trim() ? `${this.said.trim()}, ${phrase}` : phrase; },
    took(event) {
      this.photo = event.target.files[0] ?? null;
      event.target.value = "";
      URL.revokeObjectURL(this.shown);
      this.shown = this.photo ? URL.createObjectURL(this.photo) : "";
    },
  },
  template: `
    <sheet :title="title" :text="text" :words="words" @close="$emit('close')">
      <div v-if="phrases.length" class="phrases"><button v-for="phrase in phrases" type="button" class="btn glove" @click="put(phrase)">{{ phrase }}</button></div>
      <label class="say"><span class="unseen">{{ title }}</span><textarea v-model="said" rows="2" :maxlength="most" :placeholder="words.or_write"></textarea></label>
      <label v-if="withPhoto" class="btn glove"><img v-if="shown" :src="shown" alt="" /><i v-else class="icon l" aria-hidden="true">photo_camera</i>{{ photo ? words.another_photo : words.add_photo }}<input class="unseen" type="file" accept="image/*" capture="environment" @change="took" /></label>
      <button type="button" class="btn motor primary" :disabled="!canSay" @click="$emit('answer', { said: said.trim(), photo })"><span>{{ verb }}<small v-if="!canSay">{{ words.words_needed }}</small></span></button>
    </sheet>`,
};
