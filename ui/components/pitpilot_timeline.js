/* The points of a live chart: history and the readings that came since, without doubles, with their gaps. */

const GAP_STEPS = 3;
const RECENT_MAX = 600;

/* The points of one metric, ascending. Roll-ups carry their least and most; `step` is how far two points should lie. */
export class Timeline {
  constructor() {
    this.at = [];
    this.mean = [];
    this.least = [];
    this.most = [];
    this.step = 0;
    this.rolledUp = false;
    this.recent = [];
    this.newest = null;
  }
  load(at, series, step) {
    this.step = step;
    this.rolledUp = Boolean(series.min);
    this.at = [...(series.at ?? at)];
    this.mean = [...(series.mean ?? this.at.map(() => null))];
    this.least = [...(series.min ?? [])];
    this.most = [...(series.max ?? [])];
    this.counts = 0;
    const known = this.at.findLastIndex((_, i) => this.mean[i] !== null);
    if (known >= 0 && !this.rolledUp && this.at[known] >= (this.newest?.at ?? 0)) this.newest = { at: this.at[known], value: this.mean[known] };
    const meanwhile = this.recent;
    this.recent = [];
    for (const [moment, value] of meanwhile) this.add(moment, value);
  }
  /* One reading. A reading that is not newer than the last is history or a double, and history brings it. */
  add(at, value) {
    this.recent.push([at, value]);
    if (this.recent.length > RECENT_MAX) this.recent.shift();
    if (value !== null && at > (this.newest?.at ?? 0)) this.newest = { at, value };
    const last = this.at.at(-1) ?? -Infinity;
    if (this.rolledUp) this.roll(at, value, last);
    else if (at > last) this.push(at, value, value, value);
  }
  /* A roll-up that history brought keeps its mean; one that began since then is made of the readings. */
  roll(at, value, last) {
    if (value === null || at < last) return;
    if (at < last + this.step) {
      const i = this.at.length - 1;
      this.least[i] = Math.min(this.least[i] ?? value, value);
      this.most[i] = Math.max(this.most[i] ?? value, value);
      if (this.counts) this.mean[i] += (value - this.mean[i]) / ++this.counts;
    } else {
      this.push(last === -Infinity ? at : last + this.step * Math.floor((at - last) / this.step), value, value, value);
      this.counts = 1;
    }
  }
  push(at, value, least, most) {
    this.at.push(at);
    this.mean.push(value);
    if (this.rolledUp) {
      this.least.push(least);
      this.most.push(most);
    }
  }
  forget(before) {
    const keep = this.at.findIndex((at) => at >= before - this.step);
    if (keep <= 0) return;
    for (const list of [this.at, this.mean, this.least, this.most]) list.splice(0, keep);
  }
  last() { return this.newest; }
  isEmpty() { return this.mean.every((value) => value === null); }
  extremes(from, to) {
    const lows = this.rolledUp ? this.least : this.mean, highs = this.rolledUp ? this.most : this.mean;
    let low = Infinity, high = -Infinity;
    this.at.forEach((at, i) => {
      if (at < from || at > to || lows[i] === null || lows[i] === undefined) return;
      low = Math.min(low, lows[i]);
      high = Math.max(high, highs[i]);
    });
    return low === Infinity ? null : [low, high];
  }
  /* x, y and the envelope with a null in every gap, so that no line bridges it. */
  drawn(shift) {
    const out = { x: [], y: [], least: [], most: [] };
    this.at.forEach((at, i) => {
      const before = this.at[i - 1];
      if (this.step && before !== undefined && at - before > GAP_STEPS * this.step) {
        out.x.push(shift(before + this.step));
        for (const list of [out.y, out.least, out.most]) list.push(null);
      }
      out.x.push(shift(at));
      out.y.push(this.mean[i]);
      out.least.push(this.least[i] ?? null);
      out.most.push(this.most[i] ?? null);
    });
    return out;
  }
}

export function stateOf(value, { low, high, crit_low, crit_high }) {
  if ((crit_high !== null && value > crit_high) || (crit_low !== null && value < crit_low)) return "crit";
  if ((high !== null && value > high) || (low !== null && value < low)) return "warn";
  return "ok";
}
