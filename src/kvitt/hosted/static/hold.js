// The shop changes the order, and the page found out by itself: it waits until that is done, and goes on.

import { ask, pausing } from "./bank.js";
import { data } from "./data.js";
import { setBusy } from "./form.js";
import { isLocked, setLocked } from "./lock.js";

const FIRST_PAUSE = 1_000; // ms
const LONGEST_PAUSE = 5_000;

/** `then(session)` is called once the session is locked no more, unless somebody else has unlocked the page by then. */
export async function hold(then) {
  setBusy(false);
  if (isLocked()) return;
  setLocked(true);
  for (let pause = FIRST_PAUSE; isLocked(); pause = Math.min(pause * 1.5, LONGEST_PAUSE)) {
    await pausing(pause);
    const session = await ask(data.urls);
    if (!isLocked() || session === null || session.state === "locked") continue;
    setLocked(false);
    return then(session);
  }
}
