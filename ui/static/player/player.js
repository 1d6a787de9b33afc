/* Plays a camera in any page of ours: WHEP first, HLS where WebRTC does not get through, stills where nothing plays.

   A module without a framework: pages with a socket use it by ui/components/player.js, customers' plain page by
   ui/static/tracking_video.js. It starts again by itself whenever the picture stops, keeps the last one in its place
   meanwhile, and says in words what is wrong. The token of a camera is short-lived, is sent as a header, and never
   stands in an address. */

import { OF_THE_CAMERA, Problem, sentence, sleep } from "./problems.js";
import { View } from "./view.js";
import { Hls, Stills, Whep } from "./ways.js";

export { tokens } from "./problems.js"; // pages know this module's address only

const MORE_MS = 5_000; // for the first picture of WebRTC that has got through already
const STALLED_MS = 4_000; // without a new frame
const RENEW_MS = 15_000; // a token lasts 60 s; with each, the server says whether the picture is frozen
const RETRY_MS = [500, 1_000, 2_000, 4_000, 8_000, 10_000];
const WATCH_MS = 500;

/* One player. `options`: camera, token (as `tokens` gives), words, lang, zone, hls (address of hls.js), label. */
export class Player {
  constructor(root, options) {
    Object.assign(this, { root, options, words: options.words, attempt: 0, way: null });
    this.view = new View(root, options, () => this.again());
    this.video = this.view.video;
  }

  /* Plays until `stop`. */
  start() {
    if (this.life) return;
    this.life = new AbortController();
    this.view.say("", "connecting");
    this.run(this.life.signal);
  }

  stop() {
    this.life?.abort();
    this.life = null;
    this.close();
    this.view.say("", "off");
  }

  /* Leaves the waiting behind: somebody pressed Try again, or the network is back. */
  again() {
    this.attempt = 0;
    this.waiting?.abort();
  }

  async run(signal) {
    const online = () => this.again();
    addEventListener("online", online, { signal });
    while (!signal.aborted) {
      try {
        await this.play(signal);
      } catch (problem) {
        if (signal.aborted) return;
        this.close();
        this.say(problem);
        if (!problem.code) console.error(problem);
      }
      this.waiting = new AbortController();
      signal.addEventListener("abort", () => this.waiting.abort(), { once: true });
      await sleep(RETRY_MS[Math.min(this.attempt++, RETRY_MS.length - 1)], this.waiting.signal);
    }
  }

  say(problem) {
    if (problem.code) this.view.say(sentence(problem, this.options), "wrong", problem.code);
    else this.view.say(this.words.network, "wrong", "fault");
  }

  /* Plays until the picture stops; throws why. */
  async play(signal) {
    this.root.dataset.state = "connecting";
    this.take(await this.options.token(signal));
    const renewing = setInterval(() => this.renew(signal), RENEW_MS);
    const ended = new AbortController();
    signal.addEventListener("abort", () => ended.abort(), { once: true });
    try {
      await this.begin(ended.signal);
      this.attempt = 0;
      this.view.showSound(this.way.hasSound);
      this.view.showLive(this.way.name);
      await this.watch(ended.signal);
    } finally {
      clearInterval(renewing);
      ended.abort();
      this.view.keepPicture();
      this.close();
    }
  }

  take({ token, sound }) {
    this.token = token;
    this.mayHear = Boolean(sound);
  }

  async renew(signal) {
    try {
      const said = await this.options.token(signal);
      this.take(said);
      const { state, reason } = this.root.dataset;
      if (state === "live" && said.reason) this.say(new Problem(said.reason));
      else if (reason === "frozen" && !said.reason && this.moved) this.view.showLive(this.way.name);
    } catch (problem) {
      if (!signal.aborted && OF_THE_CAMERA.has(problem.code)) this.fail(problem);
    }
  }

  /* The first way that shows a picture. */
  async begin(signal) {
    let last;
    for (const Way of [Whep, Hls]) {
      this.way = new Way(this);
      this.fault = null;
      try {
        await this.within(this.way.open(signal), Way.answersMs);
        await this.shown(Way.showsMs);
        return;
      } catch (problem) {
        this.close();
        if (signal.aborted || OF_THE_CAMERA.has(problem.code)) throw problem;
        last = problem;
      }
    }
    if (last.code !== "no_player") throw last;
    this.way = new Stills(this);
    await this.way.open(signal);
  }

  /* Waits for the first picture; longer where WebRTC has got through already and only the picture is slow. */
  async shown(ms) {
    const picture = this.firstFrame();
    try {
      await this.within(picture, ms);
    } catch (problem) {
      if (problem.code !== "timed_out_here" || !this.way.isThrough) throw problem;
      await this.within(picture, MORE_MS);
    }
  }

  within(opening, ms) {
    return Promise.race([opening, sleep(ms).then(() => { throw new Problem("timed_out_here"); })]);
  }

  firstFrame() {
    this.unpause();
    return new Promise((done, fail) => {
      this.failed = fail;
      this.onFrame(done);
    });
  }

  /* Muted nothing forbids it; with sound a browser may want somebody to touch the page first. */
  async unpause() {
    await this.video.play().catch((refused) => {
      if (refused.name !== "NotAllowedError") return; // the way was closed meanwhile
      this.video.muted = true;
      return this.video.play().catch(() => {}); // what forbids that shows as no frame
    });
  }

  /* Something is wrong with the way that is open. */
  fail(problem) {
    this.fault ??= problem;
    this.failed?.(this.fault);
  }

  onFrame(then) {
    if (this.video.requestVideoFrameCallback) this.video.requestVideoFrameCallback(then);
    else this.video.addEventListener("timeupdate", then, { once: true });
  }

  /* Follows the frames until none comes any more; throws then. */
  async watch(signal) {
    const moves = () => {
      this.moved = performance.now();
      if (!signal.aborted) this.onFrame(moves);
    };
    moves();
    while (!signal.aborted) {
      await sleep(WATCH_MS, signal);
      const fault = this.fault ?? this.way.fault();
      if (fault) throw fault;
      if (document.hidden) this.moved = performance.now(); // browsers draw nothing then
      if (performance.now() - this.moved > STALLED_MS) throw new Problem(navigator.onLine ? "stalled" : "network");
      this.view.showLatency(await this.way.latency());
    }
  }

  close() {
    this.way?.close();
    this.fault = this.failed = null;
  }
}
