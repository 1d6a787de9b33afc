/* Tiles of which one is chosen. */

export default {
  props: { tiles: Array, value: String, label: String },
  emits: ["choose"],
  template: `
    <div class="work-tiles" role="radiogroup" :aria-label="label">
      <button v-for="tile in tiles" :key="tile.key" type="button" role="radio" :aria-checked="String(tile.key === value)" @click="$emit('choose', tile.key)"><b>{{ tile.word }}</b><small class="num">{{ tile.line }}</small></button>
    </div>`,
};
