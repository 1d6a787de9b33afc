/* Keeps a customer's page as the workshop's job is: asks for news and is answered when there are some. It asks less and
   less while nobody answers, and not at all while nobody looks. */

const news = document.body.dataset.news;
const WAIT_FIRST_S = 1, WAIT_LONGEST_S = 60, ASKED_WITHIN_S = 40;
let asking = null, waiting = 0, failures = 0;

async function ask() {
  clearTimeout(waiting);
  if (asking || document.hidden) return;
  const mine = asking = new AbortController();
  const late = setTimeout(() => mine.abort(), ASKED_WITHIN_S * 1_000);
  let pause_s = 0;
  try {
    const main = document.querySelector("main");
    const answer = await fetch(`${news}&mark=${main.dataset.mark}`, { cache: "no-store", signal: mine.signal });
    if (answer.status === 200) show(await answer.text());
    else if (answer.status === 404) return location.reload();
    else if (answer.status !== 204) pause_s = after(Number(answer.headers.get("Retry-After")) || 0);
    if (answer.ok) heard();
  } catch {
    if (!document.hidden) pause_s = after(0);
  } finally {
    clearTimeout(late);
    asking = null;
  }
  if (!document.hidden) waiting = setTimeout(ask, pause_s * 1_000);
}

/* How long to wait after one more failure; not everybody comes back at once. */
function after(asked_s) {
  failures += 1;
  const lost = document.querySelector(".lost");
  if (lost && failures > 1) lost.hidden = false;
  return Math.max(asked_s, Math.min(WAIT_FIRST_S * 2 ** (failures - 1), WAIT_LONGEST_S) * (0.5 + Math.random() / 2));
}

function heard() {
  failures = 0;
  const lost = document.querySelector(".lost");
  if (lost) lost.hidden = true;
}

/* Takes over what changed and leaves alone what did not, so that nothing flickers and a video goes on. */
const markup = new Map([...document.querySelectorAll("main > *")].map((part) => [part.dataset.part, part.outerHTML]));

function show(text) {
  const fresh = new DOMParser().parseFromString(text, "text/html").querySelector("main");
  const main = document.querySelector("main");
  if (!fresh) return;
  const shown = new Map([...main.children].map((part) => [part.dataset.part, part]));
  let last = null;
  for (const part of [...fresh.children]) {
    const name = part.dataset.part, old = shown.get(name), came = part.outerHTML;
    shown.delete(name);
    if (old && markup.get(name) === came) { last = old; continue; }
    markup.set(name, came);
    part.classList.add("changed");
    if (old) old.replaceWith(part); else if (last) last.after(part); else main.prepend(part);
    last = part;
  }
  shown.forEach((part) => part.remove());
  main.dataset.mark = fresh.dataset.mark;
  document.title = fresh.dataset.title;
  document.querySelector("[role=status]").textContent = fresh.dataset.title;
  count();
}

/* The time that is left, in words that came with the page. */
function count() {
  const place = document.querySelector("[data-until]");
  if (!place) return;
  const minutes = Math.round((Number(place.dataset.until) - Date.now()) / 60_000);
  if (minutes < 1) { place.textContent = place.dataset.soon; return; }
  const days = Math.floor(minutes / 1_440), hours = Math.floor(minutes / 60) % 24;
  const parts = days ? [[days, place.dataset.d], [hours, place.dataset.h]] : [[hours, place.dataset.h], [minutes % 60, place.dataset.m]];
  const said = parts.filter(([n]) => n).map(([n, words]) => words.replace("{n}", n)).join(" ");
  place.textContent = place.dataset.in.replace("{time}", said);
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) { clearTimeout(waiting); asking?.abort(); } else { count(); ask(); }
});
addEventListener("online", () => { failures = 0; ask(); });
addEventListener("pageshow", (event) => { if (event.persisted) ask(); });
setInterval(count, 10_000);
count();
ask();
