/* Plays a camera in any page of ours: WHEP first, HLS where WebRTC does not get through, stills where nothing plays.

   A module without a framework: pages with a socket use it by ui/components/player.js, plain pages by `data-camera`.
   It starts again by itself whenever the picture stops, keeps the last one in its place meanwhile, and says in words
   what is wrong. The token of a camera is short-lived, is sent as a header, and never stands in an address. */

/* Each way, how long the server may take to answer (it connects to the camera first), and then the first picture. In a
   LAN WebRTC gets through in a few tenths of a second; two seconds for it leave enough for HLS to begin within five. */
const WAYS = [["whep", "openWhep", 8_000, 2_000], ["hls", "openHls", 8_000, 8_000]];
const MORE_MS = 5_000;
const WARM_MS = 700; // without getting through: HLS, which is the likelier by now, is made ready meanwhile
/* What a stall of HLS left behind is caught up with by playing faster; what is further behind its aim is jumped over. */
const LIVE_SYNC = { maxLiveSyncPlaybackRate: 1.5, liveSyncOnStallIncrease: 0.25 };
const FAR_BEHIND_S = 1.5;
const STALLED_MS = 4_000; // without a new frame
const RENEW_MS = 15_000; // a token lasts 60 s; with each, the server says whether the picture is frozen
const RETRY_MS = [500, 1_000, 2_000, 4_000, 8_000, 10_000];
const STILL_MS = 2_000;
const WATCH_MS = 500;
const GATHERED_MS = 1_000;
/* Reasons that another way of sending the same picture does not change. */
const OF_THE_CAMERA = new Set([
  "unreachable", "wrong_password", "no_video", "wrong_codec", "timed_out", "frozen", "bad_address", "disabled", "off",
  "privacy_hours", "camera_off", "not_found", "not_allowed", "not_signed_in", "link_unknown", "busy", "gateway_down",
]); // prettier-ignore
/* Where trying again changes nothing before somebody else does something. */
export const NOTHING_TO_TRY = new Set(["privacy_hours", "camera_off", "disabled", "off", "not_found", "not_allowed", "link_unknown"]); // prettier-ignore
const SHAPES = {
  pip: "M3 5h18v14H3zM12 12h7v5h-7z",
  full: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
};

const sleep = (ms, signal) =>
  new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", () => (clearTimeout(timer), done()), { once: true });
  });

export const make = (tag, className, parent, text = "") => {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  parent?.append(made);
  return made;
};

/* What the server refuses, or that it can't be reached. */
export class Problem extends Error {
  constructor(code, { until = "", path = "" } = {}) {
    super(code);
    Object.assign(this, { code, until, path });
  }
  static async of(answer) {
    const said = await answer.json().catch(() => ({}));
    return new Problem(said.code ?? `http_${answer.status}`, said);
  }
}

const ask = async (url, options, signal) => {
  let answer;
  try {
    answer = await fetch(url, { cache: "no-store", ...options, signal });
  } catch (error) {
    throw signal.aborted ? error : new Problem("network");
  }
  if (!answer.ok) throw await Problem.of(answer);
  return answer;
};

/* Where tokens come from: the signed-in person's session, or a customer's link. */
export const tokens = (camera, link = "") => async (signal) => {
  const [url, body] = link
    ? ["/api/v1/tracked-cameras/tokens", JSON.stringify({ link, camera_id: camera })]
    : [`/api/v1/cameras/${camera}/tokens`, "{}"];
  const options = { method: "POST", body, headers: { "Content-Type": "application/json" } };
  return (await ask(url, options, signal)).json();
};

/* What is wrong, in words. `options` as for a player. */
export const sentence = ({ code, until }, { words, lang, zone }) => {
  if (code === "privacy_hours" && until) {
    const shape = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone };
    return words.privacy_until.replace("{time}", new Intl.DateTimeFormat(lang, shape).format(new Date(until)));
  }
  return words[code] ?? (code.startsWith("http_5") ? words.gateway_down : words.network);
};

/* One player. `options`: camera, token (as `tokens` gives), words, lang, zone, hls (address of hls.js), label. */
export class Player {
  constructor(root, options) {
    this.root = root;
    this.options = options;
    this.words = options.words;
    this.attempt = 0;
    this.way = "";
    this.turn = 0; // of ways that were tried: what comes late belongs to another one
    this.build();
  }

  /* Plays until `stop`. */
  start() {
    if (this.life) return;
    this.life = new AbortController();
    this.say("");
    this.run(this.life.signal);
  }

  stop() {
    this.life?.abort();
    this.life = null;
    this.close();
    this.say("");
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
        this.say(problem.code ? sentence(problem, this.options) : this.words.network, problem.code ?? "fault");
        if (!problem.code) console.error(problem);
      }
      this.waiting = new AbortController();
      signal.addEventListener("abort", () => this.waiting.abort(), { once: true });
      await sleep(RETRY_MS[Math.min(this.attempt++, RETRY_MS.length - 1)], this.waiting.signal);
    }
  }

  /* Plays until the picture stops; throws why. */
  async play(signal) {
    this.root.dataset.state = "connecting";
    this.token = (await this.options.token(signal)).token;
    const renewing = setInterval(() => this.renew(signal), RENEW_MS);
    const ended = new AbortController();
    signal.addEventListener("abort", () => ended.abort(), { once: true });
    try {
      const way = await this.begin(ended.signal);
      this.attempt = 0;
      this.show(way);
      await this.watch(ended.signal);
    } finally {
      clearInterval(renewing);
      ended.abort();
      this.keepPicture();
      this.close();
    }
  }

  async renew(signal) {
    try {
      const { token, reason } = await this.options.token(signal);
      this.token = token;
      if (this.root.dataset.state === "live" && reason) this.say(sentence({ code: reason }, this.options), reason);
      else if (this.root.dataset.reason === "frozen" && !reason && this.moved) this.show(this.way);
    } catch (problem) {
      if (!signal.aborted && OF_THE_CAMERA.has(problem.code)) this.fault = problem;
    }
  }

  /* The first way that shows a picture. */
  async begin(signal) {
    for (const [way, open, answers, shows] of WAYS) {
      try {
        await this.within(this[open](signal), answers);
        await this.shown(shows);
        return way;
      } catch (problem) {
        this.close();
        if (signal.aborted || OF_THE_CAMERA.has(problem.code)) throw problem;
        this.last = problem;
      }
    }
    if (this.last?.code === "no_player") return this.openStills(signal);
    throw this.last;
  }

  /* Waits for the first picture; longer where WebRTC has got through already and only the picture is slow. */
  async shown(ms) {
    const picture = this.firstFrame();
    try {
      await this.within(picture, ms);
    } catch (problem) {
      if (problem.code !== "timed_out_here" || !this.isThrough()) throw problem;
      await this.within(picture, MORE_MS);
    }
  }

  isThrough() {
    return ["connected", "completed"].includes(this.peer?.iceConnectionState);
  }

  within(opening, ms) {
    return Promise.race([opening, sleep(ms).then(() => { throw new Problem("timed_out_here"); })]);
  }

  async openWhep(signal) {
    if (typeof RTCPeerConnection === "undefined") throw new Problem("no_webrtc");
    const { turn } = this;
    const peer = (this.peer = new RTCPeerConnection());
    peer.addTransceiver("video", { direction: "recvonly" }); // no sound: nobody passes it on
    const track = new Promise((found) => (peer.ontrack = (event) => found(event)));
    await peer.setLocalDescription(await peer.createOffer());
    await this.gathered(peer);
    const headers = { ...this.authorized(), "Content-Type": "application/sdp" };
    const url = `/video/${this.options.camera}/whep`;
    const answer = await ask(url, { method: "POST", body: peer.localDescription.sdp, headers }, signal);
    if (turn !== this.turn) return this.end(answer.headers.get("Location"));
    this.session = answer.headers.get("Location");
    await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
    const { receiver, track: picture } = await track;
    if ("jitterBufferTarget" in receiver) receiver.jitterBufferTarget = 0;
    this.video.srcObject = new MediaStream([picture]);
    peer.onconnectionstatechange = () => peer.connectionState === "failed" && this.fail(new Problem("network"));
    this.warm(signal, turn);
  }

  /* WebRTC is not through yet: loads the player of HLS, and lets the server begin with the stream. */
  async warm(signal, turn) {
    await sleep(WARM_MS, signal);
    if (signal.aborted || turn !== this.turn || this.isThrough()) return;
    import(this.options.hls).catch(() => {}); // `openHls` says so
    fetch(this.hlsUrl(), { headers: this.authorized(), cache: "no-store", signal }).catch(() => {}); // likewise
  }

  hlsUrl() {
    return `/video/${this.options.camera}/hls/index.m3u8`;
  }

  /* Offers go out whole: on a LAN all candidates are there at once. */
  gathered(peer) {
    if (peer.iceGatheringState === "complete") return null;
    const complete = new Promise((done) => {
      peer.onicegatheringstatechange = () => peer.iceGatheringState === "complete" && done();
    });
    return Promise.race([complete, sleep(GATHERED_MS)]);
  }

  async openHls(signal) {
    const { turn } = this;
    const { default: Hls } = await import(this.options.hls);
    if (!Hls.isSupported()) throw new Problem("no_player");
    const url = this.hlsUrl();
    await ask(url, { headers: this.authorized() }, signal); // so that a refusal is known by its reason
    if (turn !== this.turn) return; // it took too long, and something else is tried
    const authorize = (request) => request.setRequestHeader("Authorization", `Bearer ${this.token}`);
    const options = { lowLatencyMode: true, backBufferLength: 10, xhrSetup: authorize, ...LIVE_SYNC };
    const hls = (this.hls = new Hls(options));
    hls.on(Hls.Events.ERROR, (_, error) => error.fatal && this.fail(this.hlsProblem(error)));
    hls.loadSource(url);
    hls.attachMedia(this.video);
  }

  hlsProblem(error) {
    try {
      return new Problem(JSON.parse(error.networkDetails?.responseText ?? "").code ?? "network");
    } catch {
      return new Problem(error.type === "networkError" ? "network" : "stalled");
    }
  }

  /* For browsers that play neither: a picture every two seconds. */
  async openStills(signal) {
    this.image.hidden = false;
    const next = async () => {
      const answer = await ask(`/video/${this.options.camera}/still.jpg`, { headers: this.authorized() }, signal);
      const url = URL.createObjectURL(await answer.blob());
      URL.revokeObjectURL(this.image.src);
      this.image.src = url;
      this.moved = performance.now();
    };
    await next();
    this.stills = setInterval(() => next().catch((problem) => (this.fault ??= problem)), STILL_MS);
    return "stills";
  }

  firstFrame() {
    this.video.play().catch(() => {}); // muted, so nothing forbids it; what does shows as no frame
    return new Promise((done, fail) => {
      this.fail = (problem) => fail((this.fault ??= problem));
      this.onFrame(done);
    });
  }

  fail(problem) {
    this.fault ??= problem;
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
      if (this.fault) throw this.fault;
      if (document.hidden) this.moved = performance.now(); // browsers draw nothing then
      if (["failed", "closed"].includes(this.peer?.connectionState)) throw new Problem("network");
      if (performance.now() - this.moved > STALLED_MS) throw new Problem(navigator.onLine ? "stalled" : "network");
      this.catchUp();
      await this.showLatency();
    }
  }

  /* After a long stall HLS would stay as late as it was for good. Only what is there already is jumped to. */
  catchUp() {
    const { latency, targetLatency, liveSyncPosition: live } = this.hls ?? {};
    const { buffered } = this.video;
    const isThere = live > this.video.currentTime && buffered.length && live < buffered.end(buffered.length - 1);
    if (isThere && latency > targetLatency + FAR_BEHIND_S) this.video.currentTime = live;
  }

  async showLatency() {
    const seconds = this.hls ? this.hls.latency : await this.whepLatency();
    if (seconds > 0) this.root.dataset.latencyMs = Math.round(seconds * 1_000);
    // Less than a tenth is below what can be told from here: camera and screen take longer than that.
    this.latency.textContent = seconds >= 0.1 ? this.words.latency.replace("{time}", this.number(seconds)) : "";
  }

  /* What waits in the browser, and half of the way there and back. */
  async whepLatency() {
    let waited = 0, trip = 0;
    for (const said of (await this.peer?.getStats())?.values() ?? []) {
      if (said.type === "inbound-rtp" && said.kind === "video" && said.jitterBufferEmittedCount)
        waited = said.jitterBufferDelay / said.jitterBufferEmittedCount;
      if (said.type === "candidate-pair" && said.nominated) trip = said.currentRoundTripTime ?? 0;
    }
    return waited + trip / 2;
  }

  number(seconds) {
    return new Intl.NumberFormat(this.options.lang, { maximumFractionDigits: 1, minimumFractionDigits: 1 }).format(seconds);
  }

  authorized() {
    return { Authorization: `Bearer ${this.token}` };
  }

  close() {
    this.turn += 1;
    if (this.session) this.end(this.session);
    this.peer?.close();
    this.hls?.destroy();
    clearInterval(this.stills);
    this.session = this.peer = this.hls = this.stills = this.fault = null;
    this.video.srcObject = null;
    this.image.hidden = true;
  }

  end(session) {
    fetch(session, { method: "DELETE", headers: this.authorized(), keepalive: true }).catch(() => {}); // it ends anyway
  }

  /* The last frame stays in its place while nothing moves. */
  keepPicture() {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (!width || this.way === "stills") return;
    Object.assign(this.kept, { width, height, hidden: false });
    this.kept.getContext("2d").drawImage(this.video, 0, 0, width, height);
  }

  show(way) {
    this.way = way;
    this.kept.hidden = true;
    this.say("");
    this.root.dataset.state = "live";
    this.root.dataset.way = way;
    this.live.textContent = { whep: this.words.whep, hls: this.words.hls, stills: this.words.stills }[way];
  }

  /* A sentence over the picture, with the way out; empty takes it away. */
  say(words, reason = "") {
    this.root.dataset.state = words ? "wrong" : this.life ? "connecting" : "off";
    this.root.dataset.reason = reason;
    this.message.hidden = !words;
    this.retry.hidden = NOTHING_TO_TRY.has(reason);
    if (this.sentenceShown.textContent !== words) this.sentenceShown.textContent = words;
    this.live.textContent = words ? "" : this.words.connecting;
    this.latency.textContent = "";
  }

  build() {
    this.root.classList.add("player");
    this.video = make("video", "", this.root);
    Object.assign(this.video, { muted: true, autoplay: true, playsInline: true, disableRemotePlayback: true });
    this.video.setAttribute("aria-label", this.options.label);
    this.image = Object.assign(make("img", "", this.root), { hidden: true, alt: this.options.label });
    this.kept = Object.assign(make("canvas", "kept", this.root), { hidden: true });
    const top = make("div", "over top", this.root);
    this.live = make("span", "mark", top);
    this.latency = make("span", "mark num", top);
    this.message = Object.assign(make("div", "wrong", this.root), { hidden: true });
    this.sentenceShown = make("p", "", this.message);
    this.sentenceShown.setAttribute("role", "status");
    this.retry = make("button", "btn", this.message, this.words.again);
    this.retry.type = "button";
    this.retry.onclick = () => this.again();
    this.buildBar();
  }

  buildBar() {
    const bar = make("div", "over bar", this.root);
    const button = (shape, label, press) => {
      const made = make("button", "tool", bar);
      made.type = "button";
      made.onclick = press;
      made.title = label;
      made.setAttribute("aria-label", label);
      made.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${SHAPES[shape]}"/></svg>`;
    };
    const { words, video } = this;
    if (document.pictureInPictureEnabled) {
      const toggle = () => (document.pictureInPictureElement ? document.exitPictureInPicture() : video.requestPictureInPicture());
      button("pip", words.pip, () => toggle().catch(() => {})); // there is no picture yet
    }
    button("full", words.full, () => {
      if (document.fullscreenElement) document.exitFullscreen();
      else if (this.root.requestFullscreen) this.root.requestFullscreen();
      else video.webkitEnterFullscreen?.(); // telephones of Apple know it for videos only
    });
  }
}

/* Plain pages: <div data-camera="id" data-link="…" data-words="{…}" data-hls="…" data-lang data-zone data-label>. */
for (const root of document.querySelectorAll("[data-camera]")) {
  const { camera, link, words, hls, lang, zone, label } = root.dataset;
  const player = new Player(root, { camera, token: tokens(camera, link), words: JSON.parse(words), hls, lang, zone, label });
  player.start();
  document.addEventListener("visibilitychange", () => (document.hidden ? player.stop() : player.start()));
}
