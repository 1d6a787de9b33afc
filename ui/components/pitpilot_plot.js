/* How a live chart draws the points of one metric: scale, ticks, and the Plotly figure. */

import { limit } from "pitpilot";
import { stateOf } from "pitpilot_timeline";

const EDGE_ROOM = 0.1;
const STEPS_SHOWN_MIN = 6; // of the last digit that is shown: what a sensor wavers below that must not fill the plot
const LABEL_ROOM_PX = 16;
const LETTER_PX = 6.5;
const TOP_PX = 20;
const BOTTOM_PX = 8;
const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const TIME_STEPS = [MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 5 * DAY, 10 * DAY];

/* Plotly reads no CSS variables: the tokens as they stand now. */
export function readTheme() {
  const style = getComputedStyle(document.body);
  const read = (name) => style.getPropertyValue(`--${name}`).trim();
  const brand = read("brand");
  return {
    font: read("font"), brand, envelope: `${brand}2E`, warn: read("warn-fg"), crit: read("crit-fg"), critEdge: read("crit-edge"), ink: read("ink"), quiet: read("ink-3"),
    surface: read("surface"), raised: read("raised"), line: read("line"), grid: read("chart-grid"), mark: read("chart-mark"), band: read("band"), bandEdge: read("band-edge"),
  };
}

const shifts = new Map();

/* How far the zone is from UTC at a moment, ms. Plotly knows no zones: it gets times moved by this. */
export function zoneShift(ms, zone) {
  const key = `${zone} ${Math.floor(ms / (15 * MINUTE))}`;
  if (!shifts.has(key)) {
    if (shifts.size > 5_000) shifts.clear();
    const parts = new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" }).formatToParts(ms);
    const at = Object.fromEntries(parts.map(({ type, value }) => [type, +value]));
    shifts.set(key, Date.UTC(at.year, at.month - 1, at.day, at.hour, at.minute, at.second) - Math.floor(ms / 1_000) * 1_000);
  }
  return shifts.get(key);
}

/* Round times of the zone between two moments, at most `most` of them, with their share of the way and their word. */
export function timeTicks(from, to, zone, locale, most) {
  const step = TIME_STEPS.find((size) => (to - from) / size <= Math.max(2, most)) ?? TIME_STEPS.at(-1);
  const shift = zoneShift(from, zone), ticks = [];
  const clockWord = new Intl.DateTimeFormat(locale, { timeZone: "UTC", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const dayWord = new Intl.DateTimeFormat(locale, { timeZone: "UTC", day: "numeric", month: "short" });
  for (let at = Math.ceil((from + shift) / step) * step; at <= to + shift; at += step) {
    const share = (at - shift - from) / (to - from);
    if (share > 0.02 && share < 0.99) ticks.push({ share, word: (at % DAY ? clockWord : dayWord).format(at) });
  }
  return ticks;
}

/* From the least to the most of values and limits, with a little room; a critical limit only when values come near. */
function scaleOf(metric, ends) {
  let low = Math.min(metric.low ?? Infinity, ends?.[0] ?? Infinity), high = Math.max(metric.high ?? -Infinity, ends?.[1] ?? -Infinity);
  if (metric.low === null && metric.floor !== null && metric.high !== null) low = Math.min(low, metric.floor);
  if (low === Infinity || high === -Infinity) [low, high] = [metric.floor ?? 0, (metric.floor ?? 0) + 1];
  if (metric.crit_high !== null && ends && ends[1] > metric.crit_high * 0.8) high = Math.max(high, metric.crit_high);
  if (metric.crit_low !== null && ends && ends[0] < metric.crit_low * 1.2) low = Math.min(low, metric.crit_low);
  const lacking = STEPS_SHOWN_MIN * 10 ** -metric.digits - (high - low);
  if (lacking > 0) [low, high] = [low - lacking / 2, high + lacking / 2];
  const step = niceStep((high - low) / 3), fine = step / 4, room = Math.max((high - low) * EDGE_ROOM, step / 4);
  low = Math.floor((low - room) / fine) * fine;
  high = Math.ceil((high + room) / fine) * fine;
  if (metric.floor !== null) low = Math.max(low, metric.floor);
  return { low, high, step };
}

function niceStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((n) => n * power).find((size) => size >= rough * 0.999);
}

/* What lies beyond a limit, cut exactly where the line crosses it. `side` is 1 above, −1 below. */
function beyond({ x, y }, edge, side) {
  const out = { x: [], y: [] };
  const put = (px, py) => { out.x.push(px); out.y.push(py); };
  let wasOut = false;
  y.forEach((value, i) => {
    const isOut = value !== null && side * (value - edge) > 0;
    const before = i ? y[i - 1] : null;
    if (isOut !== wasOut && value !== null && before !== null) put(x[i - 1] + ((edge - before) / (value - before)) * (x[i] - x[i - 1]), edge);
    if (isOut) put(x[i], value);
    else if (wasOut) put(x[i], null);
    wasOut = isOut;
  });
  return out;
}

function traces({ metric, timeline }, drawn, shift, theme) {
  const { x, y, least, most } = drawn;
  const line = (color, width, more) => ({ type: "scatter", mode: "lines", line: { color, width, simplify: false }, connectgaps: false, hoverinfo: "skip", showlegend: false, ...more });
  const out = (color, edges) => {
    const parts = edges.filter(([edge]) => edge !== null).map(([edge, side]) => beyond(drawn, edge, side));
    return line(color, 2, { x: parts.flatMap((part) => [...part.x, x.at(-1) ?? 0]), y: parts.flatMap((part) => [...part.y, null]) });
  };
  const spoken = `%{y:.${metric.digits}f} ${metric.unit}`;
  const last = timeline.last();
  const state = last ? stateOf(last.value, metric) : "ok";
  return [
    ...(timeline.rolledUp ? [line("transparent", 0, { x, y: least }), line("transparent", 0, { x, y: most, fill: "tonexty", fillcolor: theme.envelope })] : []),
    line(theme.brand, 1.5, { x, y, hoverinfo: undefined, customdata: least.map((low, i) => [low, most[i]]),
      hovertemplate: timeline.rolledUp ? `${spoken} (%{customdata[0]:.${metric.digits}f}–%{customdata[1]:.${metric.digits}f})<extra></extra>` : `${spoken}<extra></extra>` }),
    out(theme.warn, [[metric.high, 1], [metric.low, -1]]),
    out(theme.crit, [[metric.crit_high, 1], [metric.crit_low, -1]]),
    { type: "scatter", mode: "markers", x: last ? [shift(last.at)] : [], y: last ? [last.value] : [], cliponaxis: false, hoverinfo: "skip", showlegend: false,
      marker: { size: 8, color: state === "ok" ? theme.brand : theme[state], line: { color: theme.surface, width: 2 } } },
  ];
}

function shapes({ metric, events, from, to }, scale, shift, theme) {
  const across = (y, color, width, dash) => ({ type: "line", xref: "paper", x0: 0, x1: 1, y0: y, y1: y, layer: "between", line: { color, width, dash } });
  const inside = (y) => y !== null && y > scale.low && y < scale.high;
  const drawn = [];
  if (metric.low !== null || metric.high !== null) {
    drawn.push({ type: "rect", xref: "paper", x0: 0, x1: 1, y0: Math.max(metric.low ?? scale.low, scale.low), y1: Math.min(metric.high ?? scale.high, scale.high), layer: "below", fillcolor: theme.band, line: { width: 0 } });
  }
  for (const edge of [metric.low, metric.high]) if (inside(edge)) drawn.push(across(edge, theme.bandEdge, 1.25, "3px,3px"));
  for (const edge of [metric.crit_low, metric.crit_high]) if (inside(edge)) drawn.push(across(edge, theme.critEdge, 1.5, "6px,3px"));
  for (const { at_ms: at } of events) {
    if (at > from && at < to) drawn.push({ type: "line", x0: shift(at), x1: shift(at), yref: "paper", y0: 0, y1: 1.04, line: { color: theme.mark, width: 1, dash: "1px,3px" } });
  }
  return drawn;
}

function annotations({ metric, events, first, from, to }, scale, shift, { theme, words, width }) {
  const plain = { showarrow: false, font: { size: 12, color: theme.quiet } };
  const drawn = [metric.crit_low, metric.crit_high].filter((edge) => edge !== null && edge > scale.low && edge < scale.high)
    .map((edge) => ({ ...plain, xref: "paper", x: 0, xanchor: "left", y: edge, yanchor: "bottom", text: words.critical_limit, font: { size: 12, color: theme.crit } }));
  let taken = 0;
  for (const { at_ms: at, word } of first ? events : []) {
    const px = ((at - from) / (to - from)) * width, wide = word.length * LETTER_PX;
    const places = [["center", px - wide / 2], ["left", px - 4], ["right", px - wide + 4]];
    const place = places.find(([, start]) => start >= taken && start + wide <= width);
    if (at <= from || at >= to || !place) continue;
    taken = place[1] + wide + LETTER_PX;
    drawn.push({ ...plain, x: shift(at), xanchor: place[0], yref: "paper", y: 1.03, yanchor: "bottom", text: word });
  }
  return drawn;
}

/* Round values and limits at the right; a round value gives way to a limit that is close. */
function valueTicks(metric, scale, plotPx, theme, words) {
  const px = (a, b) => (Math.abs(a - b) / (scale.high - scale.low)) * plotPx;
  const limits = [[metric.crit_low, true], [metric.crit_high, true], [metric.low, false], [metric.high, false]]
    .filter(([edge]) => edge !== null && edge > scale.low && edge < scale.high)
    .filter(([edge], i, all) => all.slice(0, i).every(([other]) => px(edge, other) > LABEL_ROOM_PX));
  const ticks = limits.map(([edge, critical]) => ({ at: edge, text: critical ? `<b style="color:${theme.crit}">${limit(edge, metric.digits, words)}</b>` : limit(edge, metric.digits, words) }));
  for (let at = Math.ceil(scale.low / scale.step) * scale.step; at <= scale.high; at += scale.step) {
    if (limits.every(([edge]) => px(edge, at) > LABEL_ROOM_PX)) ticks.push({ at, text: limit(+at.toFixed(6), scale.step < 1 ? 1 : 0, words) });
  }
  return { tickvals: ticks.map((tick) => tick.at), ticktext: ticks.map((tick) => tick.text) };
}

export function figure(view, look) {
  const { metric, timeline, from, to } = view, { theme, zone, right, width, height } = look;
  const shift = (at) => at + zoneShift(at, zone);
  const scale = scaleOf(metric, timeline.extremes(from, to));
  return {
    data: traces(view, timeline.drawn(shift), shift, theme),
    layout: {
      width, height,
      margin: { l: 0, r: right, t: TOP_PX, b: BOTTOM_PX },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: theme.font, size: 12, color: theme.quiet, weight: 500 },
      hovermode: "x unified",
      hoverlabel: { bgcolor: theme.raised, bordercolor: theme.line, font: { family: theme.font, size: 12, color: theme.ink } },
      showlegend: false,
      xaxis: { type: "date", range: [shift(from), shift(to)], showgrid: false, zeroline: false, showticklabels: false, showline: false, ticks: "", hoverformat: to - from > 2 * DAY ? "%d.%m. %H:%M" : "%H:%M:%S", showspikes: true, spikemode: "across", spikethickness: 1, spikedash: "solid", spikecolor: theme.mark },
      yaxis: { range: [scale.low, scale.high], side: "right", fixedrange: true, zeroline: false, gridcolor: theme.grid, ticks: "", ticklabelstandoff: 8, tickmode: "array", ...valueTicks(metric, scale, height - TOP_PX - BOTTOM_PX, theme, look.words) },
      shapes: shapes(view, scale, shift, theme),
      annotations: annotations(view, scale, shift, { ...look, width: width - right }),
    },
  };
}
