/* Passkeys in the browser: questions come as JSON with bytes in base64url, answers go back the same way. */

const FAULTS = { NotAllowedError: "cancelled", AbortError: "cancelled", InvalidStateError: "known" };

/* Resolves to {answer: JSON} or {fault: "cancelled" | "known" | "impossible"}; never rejects. */
window.pitpilotPasskeys = {
  make: (options) => ask(() => navigator.credentials.create({ publicKey: readable(options) })),
  use: (options) => ask(() => navigator.credentials.get({ publicKey: readable(options) })),
};

async function ask(question) {
  try {
    return { answer: JSON.stringify(written(await question())) };
  } catch (error) {
    return { fault: FAULTS[error.name] ?? "impossible" };
  }
}

function readable(options) {
  const keys = (list) => list?.map((key) => ({ ...key, id: bytes(key.id) }));
  return {
    ...options,
    challenge: bytes(options.challenge),
    ...(options.user && { user: { ...options.user, id: bytes(options.user.id) } }),
    ...(options.excludeCredentials && { excludeCredentials: keys(options.excludeCredentials) }),
    ...(options.allowCredentials && { allowCredentials: keys(options.allowCredentials) }),
  };
}

function written(credential) {
  const said = credential.response;
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const response = Object.fromEntries(parts.filter((part) => said[part]).map((part) => [part, base64url(said[part])]));
  return { id: credential.id, rawId: base64url(credential.rawId), type: credential.type, response };
}

function bytes(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}

function base64url(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/* The page that asks for one to sign in: at once, and again when its button is pressed. */
document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("form[data-passkey]");
  if (!form) return;
  const button = form.querySelector("button");
  const go = async () => {
    button.disabled = true;
    document.querySelectorAll("[data-fault]").forEach((notice) => { notice.hidden = true; });
    const { answer, fault } = await window.pitpilotPasskeys.use(JSON.parse(form.dataset.passkey));
    button.disabled = false;
    if (fault) {
      document.querySelector(`[data-fault="${fault === "impossible" ? fault : "cancelled"}"]`).hidden = false;
      return;
    }
    form.elements.answer.value = answer;
    form.submit();
  };
  button.hidden = false;
  button.addEventListener("click", go);
  go();
});
