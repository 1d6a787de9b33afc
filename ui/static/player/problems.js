/* What the server refuses a player, in words, and which of it another try does not change. */

/* Reasons that another way of sending the same picture does not change. */
export const OF_THE_CAMERA = new Set([
  "unreachable", "wrong_password", "no_video", "wrong_codec", "timed_out", "frozen", "bad_address", "disabled", "off",
  "privacy_hours", "camera_off", "not_found", "not_allowed", "not_signed_in", "link_unknown", "busy", "gateway_down",
]); // prettier-ignore

/* Where trying again changes nothing before somebody else does something. */
export const NOTHING_TO_TRY = new Set(["privacy_hours", "camera_off", "disabled", "off", "not_found", "not_allowed", "link_unknown"]); // prettier-ignore

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

/* An answer of the server; throws what is wrong. */
export const ask = async (url, options, signal) => {
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

export const sleep = (ms, signal) =>
  new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", () => (clearTimeout(timer), done()), { once: true });
  });
