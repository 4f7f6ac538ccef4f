// Brings the server's page to life, and takes the customer on: to the bank's answer, to the shop, or back to the form.

import { opened } from "./address.js";
import { abandon, ask, giveUp, untilSettled } from "./bank.js";
import { data, element, words } from "./data.js";
import { payForm, setBusy } from "./form.js";
import { chosen } from "./methods.js";
import { showRefusal } from "./refusal.js";

const panels = [...document.querySelectorAll("[data-panel]")];

function show(name) {
  for (const panel of panels) {
    panel.hidden = panel.dataset.panel !== name;
    panel.toggleAttribute("data-shown", !panel.hidden); // came after the first paint: may move in
  }
  panels.find((panel) => !panel.hidden)?.querySelector("h1, h2").focus();
}

/** To the shop, or to one more step. */
function leave(href, heading) {
  const target = opened(href);
  if (target === null) return location.reload();
  element("leaving-link").href = target;
  element("leaving-heading").textContent = words(heading);
  show("leaving");
  location.assign(target);
}

/** To the bank or the app, where the customer says yes. */
function toApproval(href) {
  element("leaving-text").textContent = words("leaving.approve");
  element("leaving-link").textContent = words("leaving.approve_link");
  leave(href, "leaving.plain");
}

/** A session that has come to rest: on to the shop when it was paid, else the server's own words for it. */
function follow(session) {
  const heading = { paid: "leaving.heading", on_hold: "leaving.on_hold" }[session.state];
  if (heading && session.href) leave(session.href, heading);
  else location.reload();
}

async function wait({ lost = false } = {}) {
  show("waiting");
  // A payment that waits for the customer elsewhere has a way there, which the server puts on the page.
  const stop = (session) => (session.waiting?.redirect_url ?? null) !== data.waits_at;
  const session = await untilSettled(data.urls, { lost, tell: tellTrouble, stop });
  if (session.state !== "open" || !element("form")) return follow(session);
  setBusy(false);
  show("form");
  showRefusal(session.decline ? [session.decline] : [], { needs: chosen().needs });
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
  if (outcome.kind === "leave") return outcome.paid ? leave(outcome.href, "leaving.heading") : toApproval(outcome.href);
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

/** Another way to pay: what waits elsewhere ends, unless the customer had said yes there already. */
async function payOtherwise() {
  const button = element("other");
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  element("other-error").textContent = "";
  const session = await giveUp(data.urls);
  if (session) return follow(session);
  button.removeAttribute("aria-disabled");
  element("other-error").textContent = words("cancel.failed");
}

if (matchMedia("(min-width: 900px)").matches) document.querySelector(".order")?.setAttribute("open", "");
// A page that comes back out of the browser's memory may show a state that has passed.
window.addEventListener("pageshow", (event) => event.persisted && location.reload());

if (element("form")) payForm(element("form"), next);
if (element("cancel")) {
  element("cancel").disabled = false;
  element("cancel").addEventListener("click", cancel);
}
element("other")?.addEventListener("click", payOtherwise);
// Back from the bank or the app, and all is paid: nobody has to press anything more.
const onward = data.onward && new URLSearchParams(location.search).has("returned") ? opened(data.onward) : null;
if (onward) location.replace(onward);
if (data.waiting) wait();
