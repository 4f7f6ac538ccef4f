// Brings the server's page to life, and takes the customer on: to the bank's answer, to the shop, or back to the form.

import { abandon, ask, untilSettled } from "./bank.js";
import { data, element, words } from "./data.js";
import { cardForm, setBusy } from "./form.js";
import { showRefusal } from "./refusal.js";

const NEVER_OPENED = ["javascript:", "data:", "vbscript:", "blob:", "file:"];
const panels = [...document.querySelectorAll("[data-panel]")];

function show(name) {
  for (const panel of panels) {
    panel.hidden = panel.dataset.panel !== name;
    panel.toggleAttribute("data-shown", !panel.hidden); // came after the first paint: may move in
  }
  panels.find((panel) => !panel.hidden)?.querySelector("h1, h2").focus();
}

/** To the shop, or to one more step. Addresses that would run something instead of opening are not followed. */
function leave(href, heading) {
  const target = new URL(href, location.href);
  if (NEVER_OPENED.includes(target.protocol)) return location.reload();
  element("leaving-link").href = target.href;
  element("leaving-heading").textContent = words(heading);
  show("leaving");
  location.assign(target.href);
}

/** A session that has come to rest: on to the shop when it was paid, else the server's own words for it. */
function follow(session) {
  const heading = { paid: "leaving.heading", on_hold: "leaving.on_hold" }[session.state];
  if (heading && session.href) leave(session.href, heading);
  else location.reload();
}

async function wait({ lost = false } = {}) {
  show("waiting");
  const session = await untilSettled(data.urls, { lost, tell: tellTrouble });
  if (session.state !== "open" || !element("card")) return follow(session);
  setBusy(false);
  show("form");
  showRefusal(session.decline ? [session.decline] : []);
}

function tellTrouble(kind) {
  const text = kind === null ? "" : words(`waiting.${kind}`);
  const trouble = element("waiting-trouble");
  trouble.hidden = text === "";
  if (trouble.textContent !== text) trouble.textContent = text; // told once, not at every pause
}

/** The session is not what the page shows: what is it? */
function turnTo(session) {
  if (session === null || session.state === "paying" || session.state === "unknown") return wait();
  return follow(session);
}

async function next(outcome) {
  if (outcome.kind === "leave") return leave(outcome.href, outcome.paid ? "leaving.heading" : "leaving.plain");
  if (outcome.kind === "look") return turnTo(await ask(data.urls));
  return wait({ lost: outcome.kind === "lost" });
}

async function cancel() {
  const button = element("cancel");
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  element("cancel-error").textContent = "";
  const answer = await abandon(data.urls);
  if (answer?.status === 200 && answer.body.href) return leave(answer.body.href, "leaving.plain");
  const session = await ask(data.urls);
  if (session?.state === "cancelled" && session.href) return leave(session.href, "leaving.plain");
  if (session && session.state !== "open") return turnTo(session);
  button.removeAttribute("aria-disabled");
  element("cancel-error").textContent = words("cancel.failed");
}

if (matchMedia("(min-width: 900px)").matches) document.querySelector(".order")?.setAttribute("open", "");
// A page that comes back out of the browser's memory may show a state that has passed.
window.addEventListener("pageshow", (event) => event.persisted && location.reload());

if (element("card")) cardForm(element("card"), next);
if (element("cancel")) {
  element("cancel").disabled = false;
  element("cancel").addEventListener("click", cancel);
}
if (data.waiting) wait();
