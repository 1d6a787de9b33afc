/* Lets the browser offer this page for the home screen. Where it may not (no https), all works without. */

if ("serviceWorker" in navigator && window.isSecureContext) {
  navigator.serviceWorker.register("/service-worker.js").catch(() => {});
}
