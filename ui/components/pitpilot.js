/* What the live components share: the server's clock, the socket, ages, numbers, the shape of a sparkline. */

export const ICONS = { ok: "check_circle", warn: "warning", crit: "error", unknown: "help" };
export const WORST_FIRST = ["crit", "unknown", "warn", "ok"];
export const SAYS_AGE_AFTER_S = 10;
export const UNKNOWN_AFTER_S = 60;
export const SPARK_BUCKET_MS = 50_000;
const SOCKET_POLL_MS = 50;

let offsetMs = 0;

/* The server's time, learnt from the page and from every message that carries `now`. */
export const clock = {
  learn(serverMs) {
    if (serverMs) offsetMs = serverMs - Date.now();
  },
  now: () => Date.now() + offsetMs,
};

/* Calls `ready(socket)` once NiceGUI has made its socket; returns what cancels the wait. */
export function withSocket(ready) {
  let timer = 0;
  const look = () => {
    if (window.socket) ready(window.socket);
    else timer = setTimeout(look, SOCKET_POLL_MS);
  };
  look();
  return () => clearTimeout(timer);
}

/* Listens to the events of `handlers` on NiceGUI's socket; returns what ends it. */
export function listen(handlers) {
  let socket = null;
  const cancel = withSocket((found) => {
    socket = found;
    for (const [event, handler] of Object.entries(handlers)) socket.on(event, handler);
  });
  return () => {
    cancel();
    for (const [event, handler] of Object.entries(handlers)) socket?.off(event, handler);
  };
}

/* Tells `say(visible)` at once, whenever the page is shown or hidden, and on every new connection. */
export function watchVisibility(say) {
  const tell = () => say(document.visibilityState === "visible");
  const stopListening = listen({ connect: tell });
  document.addEventListener("visibilitychange", tell);
  tell();
  return () => {
    stopListening();
    document.removeEventListener("visibilitychange", tell);
    say(false);
  };
}

const formats = new Map();

export function number(value, digits, words) {
  if (value === null || value === undefined) return words.unknown_number;
  const key = `${words.locale} ${digits}`;
  if (!formats.has(key)) {
    const options = { minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: "negative" };
    formats.set(key, new Intl.NumberFormat(words.locale, options));
  }
  return formats.get(key).format(value).replace("-", "\u2212");
}

/* A limit as short as it goes: 35.4 but 12. */
export const limit = (value, digits, words) => number(value, Number.isInteger(value) ? 0 : digits, words);

/* Replaces each {name} of a translated text. */
export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);

export function duration(seconds, words) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return fill(words.s, { n: number(s, 0, words) });
  if (s < 3_600) return fill(words.min, { n: number(Math.floor(s / 60), 0, words) });
  if (s < 86_400) return fill(words.h, { n: number(Math.floor(s / 3_600), 0, words) });
  const days = Math.floor(s / 86_400);
  return fill(days === 1 ? words.day : words.days, { n: number(days, 0, words) });
}

export const ago = (seconds, words) => fill(words.ago, { time: duration(seconds, words) });

/* The limit that a number has passed, and on which side it should be. */
export function crossed(metric) {
  const { value, high, low } = metric;
  if (value === null || value === undefined) return null;
  if (high !== null && value > high) return { sign: "≤", limit: high };
  if (low !== null && value < low) return { sign: "≥", limit: low };
  return null;
}

/* Runs of numbers between gaps, as SVG path data; `x` and `y` place a point. */
export function path(values, x, y) {
  let pen = "M", d = "";
  values.forEach((value, i) => {
    if (value === null) pen = "M";
    else {
      d += `${pen}${x(i)} ${y(value)}`;
      pen = "L";
    }
  });
  return d;
}

export const SPARK_WIDTH = 100;
export const SPARK_HEIGHT = 32;
let clips = 0;
export const clipName = () => `spark-${clips++}`;

/* Everything that a sparkline draws, in a box of SPARK_WIDTH × SPARK_HEIGHT. */
export function sparkShape(metric) {
  const { spark, low, high, crit_low, crit_high } = metric;
  const known = spark.filter((value) => value !== null);
  const top = Math.max(metric.range_high, ...known), bottom = Math.min(metric.range_low, ...known);
  const clamp = (v) => Math.min(SPARK_HEIGHT, Math.max(0, v));
  const y = (v) => +clamp(SPARK_HEIGHT - ((v - bottom) / (top - bottom || 1)) * SPARK_HEIGHT).toFixed(1);
  const last = spark.findLastIndex((value) => value !== null);
  const x = (i) => +((i / Math.max(1, spark.length - 1)) * SPARK_WIDTH).toFixed(1);
  const bandTop = high === null ? 0 : y(high), bandBottom = low === null ? SPARK_HEIGHT : y(low);
  const zones = [];
  const zone = (state, from, to) => to > from && zones.push({ state, from, height: to - from });
  const alarmTop = crit_high === null ? -4 : crit_high < top ? y(crit_high) : -4;
  const alarmBottom = crit_low === null ? SPARK_HEIGHT + 4 : crit_low > bottom ? y(crit_low) : SPARK_HEIGHT + 4;
  if (high !== null) zone("warn", alarmTop, bandTop);
  if (low !== null) zone("warn", bandBottom, alarmBottom);
  if (alarmTop >= 0) zone("crit", -4, alarmTop);
  if (alarmBottom <= SPARK_HEIGHT) zone("crit", alarmBottom, SPARK_HEIGHT + 4);
  return {
    d: path(spark, x, y),
    bandTop,
    bandHeight: Math.max(0, bandBottom - bandTop),
    limits: [high !== null && bandTop > 0 ? bandTop : null, low !== null && bandBottom < SPARK_HEIGHT ? bandBottom : null].filter((at) => at !== null),
    zones,
    dot: last < 0 ? null : { left: x(last), top: (y(spark[last]) / SPARK_HEIGHT) * 100 },
    gone: 100 - (last < 0 ? 0 : x(last)),
  };
}

/* Browsers have crypto.randomUUID for https alone, and a workshop's LAN may have none. */
export function newKey() {
  const b = crypto.getRandomValues(new Uint8Array(16));
  b[6] = (b[6] & 0x0f) | 0x40;
  b[8] = (b[8] & 0x3f) | 0x80;
  const hex = [...b].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
