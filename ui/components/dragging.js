/* Carrying something by mouse, pen or finger. A mouse carries as soon as it has moved a little, a finger once it has
   rested, so that a swipe still scrolls. Near an edge of `scroller` what lies below scrolls along. */

const FROM_PX = 4, REST_MS = 350;
const EDGE_PX = 56, SCROLL_PX = 10;

let isCarrying = false;

/* For `touchmove` and `contextmenu` of what can be carried: neither the page moves then, nor does a menu open. It must
   stand there before the finger comes, or browsers don't ask it. */
export function holdStill(event) {
  if (isCarrying && event.cancelable) event.preventDefault();
}

/* Called by `pointerdown`. `begin` comes first; `move` and `drop` get where the pointer is in the window, and how far it
   has come on what scrolls; `leave` comes instead of `drop` after Escape, or where the browser took the pointer away. */
export function carry(event, { begin, move, drop, leave, scroller = document.scrollingElement }) {
  if (event.button || !event.isPrimary) return;
  const isTouch = event.pointerType === "touch";
  const from = { x: event.clientX + scroller.scrollLeft, y: event.clientY + scroller.scrollTop };
  let at = { x: event.clientX, y: event.clientY }, isOn = false, frame = 0;
  const by = () => ({ x: at.x + scroller.scrollLeft - from.x, y: at.y + scroller.scrollTop - from.y });

  const start = () => {
    isOn = isCarrying = true;
    getSelection()?.removeAllRanges();
    begin();
    frame = requestAnimationFrame(scroll);
  };
  const scroll = () => {
    const shift = edgeShift(scroller, at), before = by();
    scroller.scrollBy(shift.x, shift.y);
    const after = by();
    if (after.x !== before.x || after.y !== before.y) move(at, after);
    frame = requestAnimationFrame(scroll);
  };
  const moved = (e) => {
    if (e.pointerId !== event.pointerId) return;
    at = { x: e.clientX, y: e.clientY };
    const isFar = Math.hypot(at.x - event.clientX, at.y - event.clientY) >= FROM_PX;
    if (!isOn && isFar) {
      if (isTouch) { stop(); return; } // a swipe
      start();
    }
    if (isOn) move(at, by());
  };
  const ended = (e) => {
    if (e.pointerId !== event.pointerId) return;
    const wasOn = isOn, way = by();
    stop();
    if (!wasOn) return;
    if (e.type === "pointerup") { swallowClick(); drop(at, way); } else leave();
  };
  const pressed = (e) => {
    if (!isOn || e.key !== "Escape") return;
    stop();
    leave();
  };
  const listeners = { pointermove: moved, pointerup: ended, pointercancel: ended, keydown: pressed };
  const resting = isTouch ? setTimeout(start, REST_MS) : 0;
  const stop = () => {
    isOn = isCarrying = false;
    clearTimeout(resting);
    cancelAnimationFrame(frame);
    for (const [name, listener] of Object.entries(listeners)) removeEventListener(name, listener);
  };
  for (const [name, listener] of Object.entries(listeners)) addEventListener(name, listener);
}

/* How far to scroll at once: nothing, unless the pointer is near an edge. */
function edgeShift(scroller, at) {
  const isPage = scroller === document.scrollingElement;
  const box = isPage ? { left: 0, top: 0, right: innerWidth, bottom: innerHeight } : scroller.getBoundingClientRect();
  const near = (value, low, high) => (value < low + EDGE_PX ? -SCROLL_PX : value > high - EDGE_PX ? SCROLL_PX : 0);
  return { x: near(at.x, box.left, box.right), y: near(at.y, box.top, box.bottom) };
}

/* What is dropped is not clicked as well. */
function swallowClick() {
  const swallow = (event) => { event.preventDefault(); event.stopPropagation(); };
  addEventListener("click", swallow, { capture: true, once: true });
  setTimeout(() => removeEventListener("click", swallow, { capture: true }), 0);
}
