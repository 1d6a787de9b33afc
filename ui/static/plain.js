/* What pages without a socket gain where scripts run: the dark theme, shown passwords, a countdown, one press only. */

const dark = matchMedia("(prefers-color-scheme: dark)");
const chosen = document.documentElement.dataset.theme;
const wear = () => document.documentElement.classList.toggle("body--dark", chosen === "system" ? dark.matches : chosen === "dark");
dark.addEventListener("change", wear);
wear();

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("[data-shows]").forEach(offerToShow);
  document.querySelectorAll("[data-wait-s]").forEach(countDown);
  document.querySelectorAll("form").forEach(takeOnePress);
});

function offerToShow(button) {
  const input = document.getElementById(button.dataset.shows);
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
    button.textContent = shown ? button.dataset.hide : button.dataset.show;
    input.focus();
  });
  input.form.addEventListener("submit", () => { input.type = "password"; });
}

/* The server says how long to wait; the button comes back by itself. */
function countDown(notice) {
  const over = Date.now() + Number(notice.dataset.waitS) * 1_000;
  const unit = Number(notice.dataset.unitS);
  const number = notice.querySelector("b");
  const button = document.querySelector("form button[type=submit]");
  if (button) button.disabled = true;
  const tick = () => {
    const left = Math.ceil((over - Date.now()) / 1_000);
    if (number) number.textContent = String(Math.max(0, Math.ceil(left / unit)));
    if (left > 0) return setTimeout(tick, 250);
    notice.remove();
    if (button) button.disabled = false;
  };
  tick();
}

function takeOnePress(form) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
  addEventListener("pageshow", () => { delete form.dataset.sent; });
}
