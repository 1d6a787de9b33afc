/* What a player consists of on the page: the picture, the marks and tools over it, and a sentence when there is none. */

import { NOTHING_TO_TRY } from "./problems.js";

const SHAPES = {
  sound: "M4 9v6h4l5 4V5L8 9zM16.5 8.5a5 5 0 0 1 0 7M19 6a8.5 8.5 0 0 1 0 12",
  muted: "M4 9v6h4l5 4V5L8 9zM17 9.5l5 5M22 9.5l-5 5",
  pip: "M3 5h18v14H3zM12 12h7v5h-7z",
  full: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
};

export const make = (tag, className, parent, text = "") => {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  parent?.append(made);
  return made;
};

export class View {
  /* `options` as for a player; `again` is called when somebody presses Try again. */
  constructor(root, options, again) {
    Object.assign(this, { root, options, words: options.words });
    root.classList.add("player");
    this.video = make("video", "", root);
    Object.assign(this.video, { muted: true, autoplay: true, playsInline: true, disableRemotePlayback: true });
    this.video.setAttribute("aria-label", options.label);
    this.image = Object.assign(make("img", "", root), { hidden: true, alt: options.label });
    this.kept = Object.assign(make("canvas", "kept", root), { hidden: true });
    const top = make("div", "over top", root);
    this.live = make("span", "mark", top);
    this.latency = make("span", "mark num", top);
    this.message = Object.assign(make("div", "wrong", root), { hidden: true });
    this.sentence = make("p", "", this.message);
    this.sentence.setAttribute("role", "status");
    this.retry = make("button", "btn", this.message, this.words.again);
    this.retry.type = "button";
    this.retry.onclick = again;
    this.buildTools();
  }

  buildTools() {
    const { words, video, root } = this;
    this.tools = make("div", "over tools", root);
    this.sound = this.tool(() => (video.muted = !video.muted));
    this.showSound(false);
    video.addEventListener("volumechange", () => this.drawSound());
    if (document.pictureInPictureEnabled) {
      const toggle = () => (document.pictureInPictureElement ? document.exitPictureInPicture() : video.requestPictureInPicture());
      this.draw(this.tool(() => toggle().catch(() => {})), "pip", words.pip); // there is no picture yet
    }
    const full = () => {
      if (document.fullscreenElement) document.exitFullscreen();
      else if (root.requestFullscreen) root.requestFullscreen();
      else video.webkitEnterFullscreen?.(); // telephones of Apple know it for videos only
    };
    this.draw(this.tool(full), "full", words.full);
  }

  tool(press) {
    const made = make("button", "tool", this.tools);
    made.type = "button";
    made.onclick = press;
    return made;
  }

  draw(tool, shape, label) {
    tool.title = label;
    tool.setAttribute("aria-label", label);
    tool.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${SHAPES[shape]}"/></svg>`;
  }

  /* Sound begins muted, and stays as somebody left it while the picture goes and comes. */
  showSound(hasSound) {
    const hadFocus = document.activeElement === this.sound;
    this.sound.hidden = !hasSound;
    if (hadFocus && !hasSound) this.tools.querySelector(".tool:not([hidden])").focus();
    this.drawSound();
  }

  drawSound() {
    const { muted } = this.video;
    this.draw(this.sound, muted ? "muted" : "sound", muted ? this.words.unmute : this.words.mute);
  }

  /* The picture moves: by which way, and from now on without a word. */
  showLive(name) {
    this.kept.hidden = true;
    this.say("", "live");
    this.root.dataset.way = name;
    this.live.textContent = this.words[name];
  }

  /* A sentence over the picture, with the way out; an empty one takes it away. */
  say(words, state, reason = "") {
    this.root.dataset.state = state;
    this.root.dataset.reason = reason;
    this.message.hidden = !words;
    this.retry.hidden = NOTHING_TO_TRY.has(reason);
    if (this.sentence.textContent !== words) this.sentence.textContent = words;
    this.live.textContent = words ? "" : this.words.connecting;
    this.latency.textContent = "";
  }

  /* Less than a tenth is below what can be told from here: camera and screen take longer than that. */
  showLatency(seconds) {
    if (seconds > 0) this.root.dataset.latencyMs = Math.round(seconds * 1_000);
    const shape = { maximumFractionDigits: 1, minimumFractionDigits: 1 };
    const number = new Intl.NumberFormat(this.options.lang, shape).format(seconds);
    this.latency.textContent = seconds >= 0.1 ? this.words.latency.replace("{time}", number) : "";
  }

  /* The last frame stays in its place while nothing moves. */
  keepPicture() {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (!width) return;
    Object.assign(this.kept, { width, height, hidden: false });
    this.kept.getContext("2d").drawImage(this.video, 0, 0, width, height);
  }
}
