// The simulated bank or app: counts down, sends the customer's answer or none, and notices what is decided elsewhere.

import { opened } from "./address.js";
import { pausing, send } from "./bank.js";
import { digits } from "./card.js";
import { data, element, words } from "./data.js";
import { field } from "./field.js";

const PATIENCE = 15_000; // ms
const PAUSE = 3_000;

const buttons = [...document.querySelectorAll("[data-decides]")];
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
  for (const button of buttons) {
    button.disabled = pressed !== null && button !== pressed; // the pressed one keeps the focus
    button.setAttribute("aria-disabled", String(button === pressed));
  }
}

/** The bank asks for the code that it sent; the others for nothing. Null where there is no code. */
function codeField() {
  const problem = (text) => {
    if (digits(text) === data.code) return null;
    return words(text.trim() === "" ? "approval.code.empty" : "approval.code.wrong");
  };
  const announce = (text) => (element("news").textContent = text);
  return element("code") && field(element("code"), { problem, announce });
}

/** What the button stands for: a yes, a no, or that nobody answers. */
async function decide(button) {
  if (leaving) return;
  const decision = button.dataset.decides;
  if (decision === "approve" && code && !code.check()) return code.input.focus();
  leaving = true;
  setBusy(button);
  element("error").textContent = "";
  element("news").textContent = words("approval.busy");
  try {
    const { status, body } = await send("POST", data.urls.decide, { decision }, PATIENCE);
    if (status === 200) return "stays" in button.dataset ? location.reload() : location.assign(returning(body.href));
  } catch {
    // said below: it can be sent again, and counts once
  }
  leaving = false;
  setBusy(null);
  element("news").textContent = "";
  element("error").textContent = words("approval.failed");
}

/**
 * The payment page, told that the customer comes back: it goes on to the shop by itself when all is paid. The window
 * stays the same one, with its name and its opener: by them the page knows that a shop's page holds it.
 */
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
const code = codeField();
if (data.waiting) {
  for (const button of buttons) if (button.type === "button") button.addEventListener("click", () => decide(button));
  element("choices").addEventListener("submit", (event) => {
    event.preventDefault();
    decide(buttons[0]); // the yes: also the Enter key in the field
  });
  setBusy(null);
  if (data.seconds !== null) {
    countDown();
    setInterval(countDown, 1000);
  }
  watch();
}
document.documentElement.dataset.ready = ""; // the page did load: see .not-loaded
