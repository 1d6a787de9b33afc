/* The ways by which a camera's picture comes into a page: WebRTC, HLS, and single stills where neither plays.

   A way belongs to one try: it is opened once, and closed; what arrives after that is nobody's. Each says how late it is
   (`latency`, in seconds), whether it has sound, and how long its server may take to answer (it connects to the camera
   first) and then its first picture to show. In a LAN WebRTC gets through in a few tenths of a second; two seconds for it
   leave enough for HLS to begin within five. */

import { Problem, ask, sleep } from "./problems.js";

const GATHERED_MS = 1_000;
const WARM_MS = 700; // without getting through: HLS, which is the likelier by now, is made ready meanwhile
const STILL_MS = 2_000;
/* What a stall of HLS left behind is caught up with by playing faster; what is further behind its aim is jumped over. */
const LIVE_SYNC = { maxLiveSyncPlaybackRate: 1.5, liveSyncOnStallIncrease: 0.25 };
const FAR_BEHIND_S = 1.5;

class Way {
  hasSound = false;
  closed = false;

  constructor(player) {
    this.player = player;
    this.video = player.video;
    this.base = `/video/${player.options.camera}`;
  }

  get isThrough() {
    return false;
  }

  headers() {
    return { Authorization: `Bearer ${this.player.token}` };
  }

  fault() {
    return null;
  }

  async latency() {
    return 0;
  }

  close() {
    this.closed = true;
  }
}

/* Over UDP in both directions, so that firewalls and containers keep it out. */
export class Whep extends Way {
  static answersMs = 8_000;
  static showsMs = 2_000;
  name = "whep";

  get isThrough() {
    return ["connected", "completed"].includes(this.peer?.iceConnectionState);
  }

  async open(signal) {
    if (typeof RTCPeerConnection === "undefined") throw new Problem("no_webrtc");
    const peer = (this.peer = new RTCPeerConnection());
    peer.addTransceiver("video", { direction: "recvonly" });
    if (this.player.mayHear) peer.addTransceiver("audio", { direction: "recvonly" });
    await peer.setLocalDescription(await peer.createOffer());
    await this.gathered(peer);
    const headers = { ...this.headers(), "Content-Type": "application/sdp" };
    const answer = await ask(`${this.base}/whep`, { method: "POST", body: peer.localDescription.sdp, headers }, signal);
    this.session = answer.headers.get("Location");
    if (this.closed) return this.end();
    await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
    const receivers = peer.getTransceivers().filter((each) => each.currentDirection === "recvonly").map((each) => each.receiver);
    for (const receiver of receivers) {
      if (receiver.track.kind === "audio") this.hasSound = true;
      else if ("jitterBufferTarget" in receiver) receiver.jitterBufferTarget = 0;
    }
    this.video.srcObject = new MediaStream(receivers.map((receiver) => receiver.track));
    peer.onconnectionstatechange = () => peer.connectionState === "failed" && this.player.fail(new Problem("network"));
    this.warm(signal);
  }

  /* Offers go out whole: on a LAN all candidates are there at once. */
  gathered(peer) {
    if (peer.iceGatheringState === "complete") return null;
    const complete = new Promise((done) => {
      peer.onicegatheringstatechange = () => peer.iceGatheringState === "complete" && done();
    });
    return Promise.race([complete, sleep(GATHERED_MS)]);
  }

  /* WebRTC is not through yet: loads the player of HLS, and lets the server begin with the stream. */
  async warm(signal) {
    await sleep(WARM_MS, signal);
    if (signal.aborted || this.closed || this.isThrough) return;
    import(this.player.options.hls).catch(() => {}); // `Hls` says so
    fetch(playlist(this.base), { headers: this.headers(), cache: "no-store", signal }).catch(() => {}); // likewise
  }

  fault() {
    return ["failed", "closed"].includes(this.peer?.connectionState) ? new Problem("network") : null;
  }

  /* What waits in the browser, and half of the way there and back. */
  async latency() {
    let waited = 0, trip = 0;
    for (const said of (await this.peer?.getStats())?.values() ?? []) {
      if (said.type === "inbound-rtp" && said.kind === "video" && said.jitterBufferEmittedCount)
        waited = said.jitterBufferDelay / said.jitterBufferEmittedCount;
      if (said.type === "candidate-pair" && said.nominated) trip = said.currentRoundTripTime ?? 0;
    }
    return waited + trip / 2;
  }

  end() {
    if (!this.session) return;
    fetch(this.session, { method: "DELETE", headers: this.headers(), keepalive: true }).catch(() => {}); // it ends anyway
    this.session = "";
  }

  close() {
    super.close();
    this.end();
    this.peer?.close();
    this.video.srcObject = null;
  }
}

/* Plain HTTP through the app, by hls.js, which is loaded only now. */
export class Hls extends Way {
  static answersMs = 8_000;
  static showsMs = 8_000;
  name = "hls";

  async open(signal) {
    const { default: Library } = await import(this.player.options.hls);
    if (!Library.isSupported()) throw new Problem("no_player");
    const url = playlist(this.base);
    await ask(url, { headers: this.headers() }, signal); // so that a refusal is known by its reason
    if (this.closed) return; // it took too long, and something else is tried
    const authorize = (request) => request.setRequestHeader("Authorization", `Bearer ${this.player.token}`);
    const options = { lowLatencyMode: true, backBufferLength: 10, xhrSetup: authorize, ...LIVE_SYNC };
    const { ERROR, BUFFER_CODECS } = Library.Events;
    this.library = new Library(options);
    this.library.on(ERROR, (_, error) => error.fatal && this.player.fail(this.problem(error)));
    this.library.on(BUFFER_CODECS, (_, tracks) => {
      const codecs = Object.values(tracks).map((track) => track?.codec ?? "").join();
      this.hasSound = codecs.includes("mp4a");
    });
    this.library.loadSource(url);
    this.library.attachMedia(this.video);
  }

  problem(error) {
    try {
      return new Problem(JSON.parse(error.networkDetails?.responseText ?? "").code ?? "network");
    } catch {
      return new Problem(error.type === "networkError" ? "network" : "stalled");
    }
  }

  /* After a long stall it would stay as late as it was for good. Only what is there already is jumped to. */
  catchUp() {
    const { latency, targetLatency, liveSyncPosition: live } = this.library ?? {};
    const { buffered, currentTime } = this.video;
    const isThere = live > currentTime && buffered.length && live < buffered.end(buffered.length - 1);
    if (isThere && latency > targetLatency + FAR_BEHIND_S) this.video.currentTime = live;
  }

  async latency() {
    this.catchUp();
    return this.library?.latency ?? 0;
  }

  close() {
    super.close();
    this.library?.destroy();
    this.library = null;
  }
}

/* For browsers that play neither: a picture every two seconds. */
export class Stills extends Way {
  name = "stills";

  async open(signal) {
    const { image } = this.player.view;
    image.hidden = false;
    const next = async () => {
      const answer = await ask(`${this.base}/still.jpg`, { headers: this.headers() }, signal);
      const url = URL.createObjectURL(await answer.blob());
      URL.revokeObjectURL(image.src);
      image.src = url;
      this.player.moved = performance.now();
    };
    await next();
    this.timer = setInterval(() => next().catch((problem) => this.player.fail(problem)), STILL_MS);
  }

  close() {
    super.close();
    clearInterval(this.timer);
    this.player.view.image.hidden = true;
  }
}

const playlist = (base) => `${base}/hls/index.m3u8`;
