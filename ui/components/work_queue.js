/* What was tapped, until the server has it: kept by the browser across reloads, sent in its order, each entry with a key
   by which the server counts it once. What the server refuses stays, with the reason, until somebody has read it. */

import { newKey } from "pitpilot";
import { markRaw } from "vue";

const DATABASE = "pitpilot-work", STORE = "entries";
const SENT_WITHIN_MS = 15_000, PHOTO_WITHIN_MS = 60_000;
const AGAIN_MS = [1_000, 2_000, 4_000, 8_000, 15_000];
/* Not refusals: the server was not there, was busy, or asks for time. */
const LATER = new Set([408, 425, 429, 500, 502, 503, 504]);
/* Refusals that say that what was wanted is so already. */
const DONE_ALREADY = new Set(["already_acknowledged", "already_resolved", "already_so"]);

function asked(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function store(mode) {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "n", autoIncrement: true });
  const database = await asked(opening);
  const transaction = database.transaction(STORE, mode);
  const written = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  }).finally(() => database.close());
  return { entries: transaction.objectStore(STORE), written };
}

/* `owner` is who is signed in, and where: nobody's entries are sent in somebody else's name. `changed` is called after
   every change of `entries`, `others` and `halt`; `landed(entry)` when the server has taken one. */
export class WorkQueue {
  constructor({ owner, changed, landed }) {
    Object.assign(this, { owner, changed, landed, entries: [], others: [], halt: "", isKept: true, tries: 0, sending: null, isFlushing: false });
  }

  async start() {
    try {
      const { entries, written } = await store("readonly");
      const all = await asked(entries.getAll());
      await written;
      const ours = all.filter((entry) => entry.owner === this.owner.id);
      this.entries = [...ours.map((entry) => markRaw({ ...entry, isStored: true })), ...this.entries];
      this.others = all.filter((entry) => entry.owner !== this.owner.id);
    } catch {
      this.isKept = false; // a private window, or no room: entries live as long as the page
    }
    this.changed();
    this.flush();
  }

  stop() { clearTimeout(this.timer); this.isStopped = true; }

  get waiting() { return this.entries.filter((entry) => !entry.refused); }
  get refused() { return this.entries.filter((entry) => entry.refused); }

  async add(entry) {
    // Raw: what the browser stores must not be one of Vue's proxies.
    const whole = markRaw({ key: newKey(), at: Date.now(), refused: null, ...entry, owner: this.owner.id, who: this.owner.name });
    this.entries.push(whole);
    this.changed();
    await this.write(whole);
    whole.isStored = true;
    this.flush();
    return whole;
  }

  /* Takes back what was not sent yet; false: it is on its way. */
  async takeBack(entry) {
    if (this.sending === entry || !this.entries.includes(entry)) return false;
    await this.drop(entry);
    return true;
  }

  async drop(entry) {
    this.entries = this.entries.filter((other) => other !== entry);
    this.changed();
    if (entry.n === undefined) return;
    try {
      const { entries, written } = await store("readwrite");
      entries.delete(entry.n);
      await written;
    } catch {
      this.isKept = false;
    }
  }

  async write(entry) {
    try {
      const { entries, written } = await store("readwrite");
      entry.n = await asked(entries.put({ ...entry }));
      await written;
    } catch {
      this.isKept = false;
      this.changed();
    }
  }

  /* Sends what waits, one after the other; comes again by itself while the server is away. */
  async flush() {
    clearTimeout(this.timer);
    if (this.isFlushing || this.isStopped) return;
    this.isFlushing = true;
    this.timer = 0;
    try {
      await this.sendAll();
    } finally {
      this.isFlushing = false;
    }
    if (!this.timer && this.waiting[0]?.isStored) this.flush(); // came while the last one was being put away
  }

  async sendAll() {
    // What is not stored yet is sent by `add`, so that nothing is stored that was sent before.
    for (let entry = this.waiting[0]; entry?.isStored && !this.isStopped; entry = this.waiting[0]) {
      this.sending = entry;
      const answer = await this.send(entry);
      this.sending = null;
      if (answer === "later" || answer === "signed_out") {
        this.halt = answer;
        this.changed();
        const wait = AGAIN_MS[Math.min(this.tries++, AGAIN_MS.length - 1)];
        if (!this.isStopped) this.timer = setTimeout(() => this.flush(), wait);
        return;
      }
      this.tries = 0;
      this.halt = "";
      if (answer === "taken") {
        this.landed(entry);
        await this.drop(entry);
      } else {
        entry.refused = answer;
        this.changed();
        await this.write(entry);
        this.landed(entry);
      }
    }
  }

  async send({ method, path, body, photo, stage, key }) {
    const headers = { "Idempotency-Key": key };
    let content = JSON.stringify(body ?? {});
    if (photo) {
      content = new FormData();
      content.append("photo", photo, "photo.jpg");
      if (stage) content.append("stage", stage);
    } else headers["Content-Type"] = "application/json";
    try {
      const within = AbortSignal.timeout(photo ? PHOTO_WITHIN_MS : SENT_WITHIN_MS);
      const answer = await fetch(path, { method, headers, body: content, signal: within });
      if (answer.ok) return "taken";
      if (LATER.has(answer.status)) return "later";
      if (answer.status === 401) return "signed_out";
      const { code = "", detail = "" } = await answer.json().catch(() => ({}));
      return DONE_ALREADY.has(code) ? "taken" : { code, detail };
    } catch {
      return "later";
    }
  }
}
