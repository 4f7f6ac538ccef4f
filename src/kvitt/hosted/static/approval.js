// The simulated bank or app: counts down, sends the customer's yes or no, and notices what is decided elsewhere.

import { opened } from "./address.js";
import { pausing, send } from "./bank.js";
import { data, element, words } from "./data.js";

const PATIENCE = 15_000; // ms
const PAUSE = 3_000;

const buttons = { approve: element("approve"), decline: element("decline") };
let ends = Date.now() + (data.seconds ?? 0) * 1000;
let leaving = false;

const clockFace = (seconds) => {
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
};

/** Shown each second, and spoken once: when a minute is left. */
function countDown() {
  const left = Math.max(0, Math.ceil((ends - Date.now()) / 1000));
  element("left").textContent = clockFace(left);
  const news = element("news");
  if (left <= 60 && news.textContent === "") news.textContent = words("approval.minute");
}

function setBusy(pressed) {
  for (const button of Object.values(buttons)) {
    button.disabled = pressed !== null && button !== pressed; // the pressed one keeps the focus
    button.setAttribute("aria-disabled", String(button === pressed));
  }
}

async function decide(decision) {
  if (leaving) return;
  leaving = true;
  setBusy(buttons[decision]);
  element("error").textContent = "";
  element("news").textContent = words("approval.busy");
  try {
    const { status, body } = await send("POST", data.urls.decide, { decision }, PATIENCE);
    if (status === 200) return location.assign(returning(body.href));
  } catch {
    // said below: it can be sent again, and counts once
  }
  leaving = false;
  setBusy(null);
  element("news").textContent = "";
  element("error").textContent = words("approval.failed");
}

/** The payment page, told that the customer comes back: it goes on to the shop by itself when all is paid. */
function returning(href) {
  const target = new URL(opened(href) ?? "/", location.href);
  target.searchParams.set("returned", "true");
  return target.href;
}

/** Another tab, another person or the time may decide: the page then tells what came of it. */
async function watch() {
  for (;;) {
    await pausing(PAUSE);
    if (leaving || document.visibilityState === "hidden") continue;
    try {
      const { status, body } = await send("GET", data.urls.state, undefined, PATIENCE);
      if (leaving || status !== 200) continue;
      if (body.state !== "waiting" || body.in_review !== data.in_review) return location.reload();
      ends = Date.now() + body.seconds * 1000; // the account's time may have been moved
    } catch {
      // no connection now: asked again
    }
  }
}

window.addEventListener("pageshow", (event) => event.persisted && location.reload());
if (data.waiting) {
  for (const [decision, button] of Object.entries(buttons)) button.addEventListener("click", () => decide(decision));
  setBusy(null);
  if (data.seconds !== null) {
    countDown();
    setInterval(countDown, 1000);
  }
  watch();
}
document.documentElement.dataset.ready = ""; // the page did load: see .not-loaded
