/* Text to be carried elsewhere. The clipboard's own interface exists on secure addresses only; a workshop's LAN has
   none, so selecting and the old command is the second way, and saying so the third. */

const SAYS_MS = 4_000;

export default {
  props: { text: String, label: String, lines: Boolean, share: Boolean, file_name: String, words: Object },
  data: () => ({ said: "", timer: 0 }),
  computed: {
    canShare() { return this.share && typeof navigator.share === "function"; },
    file() { return `data:text/plain;charset=utf-8,${encodeURIComponent(this.text + "\n")}`; },
  },
  beforeUnmount() { clearTimeout(this.timer); },
  methods: {
    async copy() {
      this.say(await this.copied() ? this.words.copied : this.words.by_hand);
    },
    async copied() {
      try {
        await navigator.clipboard.writeText(this.text);
        return true;
      } catch {
        this.$refs.text.select();
        return document.execCommand("copy");
      }
    },
    async shareIt() {
      try {
        await navigator.share({ url: this.text });
      } catch (refused) {
        if (refused.name !== "AbortError") await this.copy();
      }
    },
    say(word) {
      this.said = word;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => { this.said = ""; }, SAYS_MS);
    },
  },
  template: `
    <div :class="['copy', { one: !lines }]">
      <textarea v-if="lines" ref="text" readonly class="id" :rows="Math.min(text.split('\\n').length, 16)" :aria-label="label" :value="text" @focus="$event.target.select()"></textarea>
      <input v-else ref="text" readonly class="id" :aria-label="label" :value="text" @focus="$event.target.select()">
      <div class="cluster">
        <button type="button" class="btn" @click="copy"><i class="icon" aria-hidden="true">{{ said === words.copied ? "check" : "content_copy" }}</i>{{ words.copy }}</button>
        <button v-if="canShare" type="button" class="btn" @click="shareIt"><i class="icon" aria-hidden="true">share</i>{{ words.share }}</button>
        <a v-if="file_name" class="btn" :href="file" :download="file_name"><i class="icon" aria-hidden="true">download</i>{{ words.download }}</a>
      </div>
      <p class="quiet" role="status">{{ said }}</p>
    </div>`,
};
