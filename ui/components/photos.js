/* Photos of a job: a grid of small ones, one large, shown to the customer or not, removed; taken by camera, chosen or
   dropped, with how far each one is. */

import { fill, newKey } from "pitpilot";

const KINDS = "image/jpeg,image/png,image/webp";

export const Photos = {
  props: { job_id: String, may_change: Boolean, only_look: Boolean, turn: Number, zone: String, words: Object },
  data: () => ({ photos: null, failed: false, uploads: [], large: null, isOver: false, asksRemove: false, fault: "" }),
  watch: { turn() { this.read(); } },
  mounted() { this.read(); },
  methods: {
    src: (photo, small) => `/api/v1/photos/${photo.id}${small ? "?size=thumb" : ""}`,
    async read() {
      try {
        const answer = await fetch(`/api/v1/jobs/${this.job_id}/photos`);
        if (!answer.ok) throw new Error(answer.status);
        this.photos = (await answer.json()).photos;
        this.failed = false;
        if (this.large) this.large = this.photos.find((photo) => photo.id === this.large.id) ?? null;
      } catch { this.failed = true; }
    },
    says(photo) {
      const at = new Intl.DateTimeFormat(this.words.locale, { timeZone: this.zone, day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hour12: false });
      return [this.words.stages[photo.stage], at.format(new Date(photo.taken_at)), photo.person].filter(Boolean).join(", ");
    },
    take(files) { for (const file of files) this.send(file); },
    dropped(event) { this.isOver = false; this.take(event.dataTransfer.files); },
    picked(event) { this.take(event.target.files); event.target.value = ""; },
    /* By XMLHttpRequest: fetch doesn't say how far an upload is. The key makes a second try count once. */
    send(file, upload = null) {
      if (!upload) this.uploads.push({ key: newKey(), name: file.name, file, share: 0, fault: "" });
      const shown = upload ?? this.uploads.at(-1), request = new XMLHttpRequest(), form = new FormData();
      Object.assign(shown, { share: 0, fault: "" });
      form.append("photo", file);
      request.upload.onprogress = ({ loaded, total }) => { shown.share = loaded / total; };
      request.onerror = () => { shown.fault = this.words.no_connection; };
      request.onload = () => {
        if (request.status === 201) {
          this.uploads = this.uploads.filter((other) => other.key !== shown.key);
          this.read();
        } else shown.fault = this.words.faults[this.code(request)] ?? this.words.refused;
      };
      request.open("POST", `/api/v1/jobs/${this.job_id}/photos`);
      request.setRequestHeader("Idempotency-Key", shown.key);
      request.send(form);
    },
    code(request) { try { return JSON.parse(request.responseText).code; } catch { return ""; } },
    forget(upload) { this.uploads = this.uploads.filter((other) => other !== upload); },
    open(photo) { this.fault = ""; this.large = photo; this.asksRemove = false; this.$nextTick(() => this.$refs.large?.showModal?.()); },
    step(by) { this.large = this.photos[(this.photos.findIndex((photo) => photo.id === this.large.id) + by + this.photos.length) % this.photos.length]; this.asksRemove = false; },
    async change(path, method, body) {
      this.fault = "";
      const headers = body ? { "Content-Type": "application/json" } : {};
      const answer = await fetch(`/api/v1/photos/${this.large.id}${path}`, { method, headers, body: body && JSON.stringify(body) }).catch(() => null);
      await this.read();
      // Somebody else did the same, or removed it: the list says so. Everything else is told.
      if (!answer) this.fault = this.words.no_connection;
      else if (!answer.ok && answer.status !== 409 && answer.status !== 404) this.fault = this.words.refused;
    },
    release() { return this.change("/release", "PUT", { released: !this.large.released_at }); },
    async remove() {
      if (!this.asksRemove) { this.asksRemove = true; return; }
      await this.change("", "DELETE");
      if (!this.fault) this.large = null;
    },
  },
  computed: { released() { return (this.photos ?? []).filter((photo) => photo.released_at).length; }, line() { return fill(this.words.released_n, { n: this.released }); } },
  template: `
    <div class="photos" :class="{ over: isOver }" @dragover.prevent="isOver = may_change && !only_look" @dragleave="isOver = false" @drop.prevent="may_change && !only_look && dropped($event)">
      <div v-if="may_change && !only_look" class="cluster">
        <label class="btn"><i class="icon" aria-hidden="true">photo_camera</i>{{ words.camera }}<input class="unseen" type="file" accept="image/*" capture="environment" @change="picked" /></label>
        <label class="btn"><i class="icon" aria-hidden="true">upload_file</i>{{ words.choose }}<input class="unseen" type="file" accept="${KINDS}" multiple @change="picked" /></label>
        <span v-if="released" class="quiet">{{ line }}</span>
      </div>
      <div v-for="upload in uploads" :key="upload.key" class="upload" :data-state="upload.fault ? 'warn' : ''" aria-live="polite">
        <span class="grow"><b class="cut">{{ upload.name }}</b><span v-if="upload.fault">{{ upload.fault }}</span><span v-else class="meter"><i :style="{ width: upload.share * 100 + '%' }"></i></span></span>
        <template v-if="upload.fault"><button type="button" class="btn" @click="send(upload.file, upload)">{{ words.again }}</button><button type="button" class="btn" @click="forget(upload)">{{ words.leave }}</button></template>
      </div>
      <p v-if="failed" class="quiet cluster" role="alert"><i class="icon" aria-hidden="true">cloud_off</i><span class="grow">{{ words.no_connection }}</span><button type="button" class="btn" @click="read">{{ words.again }}</button></p>
      <p v-else-if="photos && !photos.length" class="quiet none">{{ words.none }}</p>
      <ul v-if="photos?.length" class="grid">
        <li v-for="photo in photos" :key="photo.id"><button type="button" :aria-label="says(photo)" @click="open(photo)"><img :src="src(photo, true)" :alt="says(photo)" loading="lazy" /><span v-if="photo.released_at" class="mark"><i class="icon s" aria-hidden="true">visibility</i><span class="unseen">{{ words.is_released }}</span></span></button></li>
      </ul>
      <dialog v-if="large" ref="large" class="photo-large" :aria-label="says(large)" @close="large = null" @keydown.left="step(-1)" @keydown.right="step(1)">
        <img :src="src(large)" :alt="says(large)" />
        <p>{{ says(large) }}</p>
        <p v-if="fault" role="alert" data-state="warn" class="fault">{{ fault }}</p>
        <footer>
          <button type="button" class="btn square" :aria-label="words.before" @click="step(-1)"><i class="icon" aria-hidden="true">chevron_left</i></button>
          <button type="button" class="btn square" :aria-label="words.after" @click="step(1)"><i class="icon" aria-hidden="true">chevron_right</i></button>
          <button v-if="may_change" type="button" class="btn grow" role="switch" :aria-checked="!!large.released_at" @click="release"><i class="icon" aria-hidden="true">{{ large.released_at ? "visibility_off" : "visibility" }}</i>{{ large.released_at ? words.hide : words.release }}</button>
          <button v-if="may_change" type="button" class="btn" :class="{ danger: asksRemove }" @click="remove"><i class="icon" aria-hidden="true">delete</i>{{ asksRemove ? words.really_remove : words.remove }}</button>
          <button type="button" class="btn primary" @click="large = null">{{ words.close }}</button>
        </footer>
      </dialog>
    </div>`,
};

export default Photos;
