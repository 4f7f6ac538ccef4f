// While the shop changes the order, nothing on the page can be changed or sent. What was typed stays where it is.

import { words } from "./data.js";

const panel = document.querySelector('[data-panel="form"]');
const note = document.createElement("p");
const listeners = [];
let focused = null;
let locked = false;

note.className = "unseen";
note.setAttribute("role", "status");
panel?.before(note);

export const isLocked = () => locked;

/** `listener()` is called when it was locked or unlocked. */
export const whenLocked = (listener) => listeners.push(listener);

export function setLocked(now) {
  if (now === locked) return;
  locked = now;
  if (now) focused = document.activeElement?.id;
  if (panel) panel.inert = now;
  note.className = now ? "note" : "unseen";
  note.textContent = now ? words("embed.locked") : "";
  if (!now && focused && document.activeElement === document.body) document.getElementById(focused)?.focus();
  for (const listener of [...listeners]) listener();
}

/** Comes when the page is not locked, or no longer. */
export function unlocked() {
  return new Promise((resolve) => {
    const look = () => !locked && (listeners.splice(listeners.indexOf(look), 1), resolve());
    listeners.push(look);
    look();
  });
}
