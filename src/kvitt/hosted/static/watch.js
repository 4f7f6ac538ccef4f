// What goes on around an open form: the network goes and comes, the time runs out, another tab pays, the shop changes
// the order. The page notices when it is looked at again, and every now and then while it is.

import { ask, pausing } from "./bank.js";
import { data } from "./data.js";
import { isBusy } from "./form.js";
import { isLocked } from "./lock.js";
import { notice } from "./notices.js";
import { whenRenewed } from "./parts.js";

const PAUSE = 60_000; // ms
const SHORTEST = 500;
const ENDING = 5 * 60_000;
const LAST_MINUTE = 60_000;

let ends = Infinity;

function learnTime(seconds) {
  ends = typeof seconds === "number" ? Date.now() + seconds * 1000 : Infinity;
  tellTime();
}

/** How long until something has to be told or asked. */
function tellTime() {
  const left = ends - Date.now();
  notice("ending", left > LAST_MINUTE && left <= ENDING);
  notice("last_minute", left > 0 && left <= LAST_MINUTE);
  if (left <= 0 && left > -PAUSE) return SHORTEST; // the server decides when the time is up
  const next = [left, left - LAST_MINUTE, left - ENDING].filter((time) => time > 0);
  return Math.max(SHORTEST, Math.min(PAUSE, ...next));
}

const tellNetwork = () => notice("offline", !navigator.onLine);

/** `turn(session)`: the session is not what the page shows. `isOpen()`: whether the form is what it shows. */
export async function watch(turn, isOpen) {
  const idle = () => document.visibilityState !== "hidden" && !isBusy() && !isLocked() && isOpen();
  for (const kind of ["online", "offline"]) window.addEventListener(kind, tellNetwork);
  tellNetwork();
  document.addEventListener("submit", () => notice("changed", false)); // it was seen
  whenRenewed(() => learnTime(data.expires_in));
  learnTime(data.expires_in);
  for (;;) {
    await pausing(tellTime());
    tellTime();
    if (!idle()) continue;
    const session = await ask(data.urls);
    if (session === null || !idle()) continue;
    learnTime(session.expires_in);
    if (session.state !== "open" || session.version !== data.version) await turn(session);
  }
}
