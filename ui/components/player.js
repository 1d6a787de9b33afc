/* A camera's picture in a page with a socket; the playing itself is in ui/static/player/player.js. */

export default {
  props: { camera: String, kind: String, core: String, tiles: String, hls: String, words: Object, lang: String, zone: String, label: String },
  async mounted() {
    const core = await import(this.core);
    const tiles = this.kind === "tile" ? await import(this.tiles) : null;
    if (this.gone) return;
    const { camera, hls, words, lang, zone, label } = this;
    const options = { camera, hls, words, lang, zone, label, token: core.tokens(camera) };
    if (tiles) this.tile = new tiles.Tile(this.$refs.root, options);
    else this.player = new core.Player(this.$refs.root, options);
    this.onVisible = () => this.follow();
    document.addEventListener("visibilitychange", this.onVisible);
    this.follow();
  },
  unmounted() {
    this.gone = true;
    document.removeEventListener("visibilitychange", this.onVisible);
    this.player?.stop();
    this.tile?.rest();
  },
  methods: {
    follow() {
      if (document.hidden) {
        this.player?.stop();
        this.tile?.rest();
      } else this.player?.start();
    },
    /* The server says that there is a newer still. */
    refresh() {
      this.tile?.refresh();
    },
  },
  template: `<div><div ref="root"></div></div>`,
};
