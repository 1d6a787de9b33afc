/* A camera's still that becomes live while somebody points at it, after a tap, or by keyboard until Escape; a few at once. */

import { Player } from "./player.js";
import { NOTHING_TO_TRY, Problem, sentence } from "./problems.js";
import { make } from "./view.js";

const LIVE_AT_ONCE = 3;
const STILL_RETRY_MS = 15_000; // the first one of a camera comes within a minute
const playing = [];

export class Tile {
  constructor(root, options) {
    Object.assign(this, { root, options });
    root.classList.add("tile");
    this.still = Object.assign(make("img", "", root), { alt: options.label, hidden: true });
    this.none = make("p", "none", root);
    root.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && (this.soon = setTimeout(() => this.play(), 300)));
    root.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && this.rest());
    this.cover = make("button", "cover", root);
    this.cover.type = "button";
    this.cover.setAttribute("aria-label", options.words.watch.replace("{name}", options.label));
    this.cover.onclick = ({ detail }) => {
      this.play();
      if (detail === 0) this.stage.querySelector(".tool:not([hidden])").focus(); // pressed by keyboard: the cover goes
    };
    root.addEventListener("keydown", ({ key }) => key === "Escape" && !document.fullscreenElement && this.rest());
    this.refresh();
  }

  async refresh() {
    const answer = await fetch(`/api/v1/cameras/${this.options.camera}/still`, { cache: "no-store" }).catch(() => null);
    if (!answer?.ok) {
      clearTimeout(this.later);
      this.later = setTimeout(() => this.root.isConnected && this.refresh(), STILL_RETRY_MS);
      await this.sayNone(answer);
      return;
    }
    const url = URL.createObjectURL(await answer.blob());
    URL.revokeObjectURL(this.still.src);
    Object.assign(this.still, { src: url, hidden: false });
    this.none.hidden = true;
  }

  /* Why there is no still; one that was refused goes, one that could not be asked for stays. */
  async sayNone(answer) {
    const problem = answer ? await Problem.of(answer) : new Problem("network");
    if (NOTHING_TO_TRY.has(problem.code)) this.still.hidden = true;
    this.none.textContent = sentence(problem, this.options);
    this.none.hidden = !this.still.hidden;
  }

  play() {
    if (this.player) return;
    while (playing.length >= LIVE_AT_ONCE) playing[0].rest();
    playing.push(this);
    this.stage = make("div", "stage", this.root);
    this.player = new Player(this.stage, this.options);
    this.cover.hidden = true;
    this.player.start();
  }

  rest() {
    clearTimeout(this.soon);
    if (!this.player) return;
    playing.splice(playing.indexOf(this), 1);
    const hadFocus = this.stage.contains(document.activeElement);
    this.player.stop();
    this.stage.remove();
    this.player = null;
    this.cover.hidden = false;
    if (hadFocus) this.cover.focus();
  }
}
