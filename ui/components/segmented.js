/* A choice of a few words side by side: window picker, language. */

export default {
  props: { options: Array, value: String, label: String },
  emits: ["choose"],
  data() { return { chosen: this.value }; },
  watch: { value(now) { this.chosen = now; } },
  methods: {
    choose(key) {
      if (key === this.chosen) return;
      this.chosen = key;
      this.$emit("choose", key);
    },
  },
  template: `
    <span class="seg" role="group" :aria-label="label">
      <button v-for="[key, word] in options" type="button" :aria-pressed="key === chosen" @click="choose(key)">{{ word }}</button>
    </span>`,
};
