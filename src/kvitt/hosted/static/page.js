// Brings the server's page to life, and takes the customer on: to the bank's answer, to the shop, or back to the form.

import { opened } from "./address.js";
import { arrive } from "./arrival.js";
import { abandon, ask, giveUp, untilSettled } from "./bank.js";
import { data, element, words } from "./data.js";
import { embedded } from "./embedded.js";
import { isEnd, showTold, tellEnd } from "./ending.js";
import { payForm, setBusy } from "./form.js";
import { hold } from "./hold.js";
import { held, inFrame, inWindow, post, toTop } from "./host.js";
import { chosen } from "./methods.js";
import { notice } from "./notices.js";
import { renew } from "./parts.js";
import { launcher } from "./pop_out.js";
import { showRefusal, showWords } from "./refusal.js";
import { watch } from "./watch.js";

const FINAL = ["paid", "on_hold", "cancelled", "expired", "failed"];
const TELLING = 3_000; // ms in which whoever holds the page can take the customer on

const panels = [...document.querySelectorAll("[data-panel]")];

function show(name) {
  for (const panel of panels) {
    panel.hidden = panel.dataset.panel !== name;
    panel.toggleAttribute("data-shown", !panel.hidden); // came after the first paint: may move in
  }
  panels.find((panel) => !panel.hidden)?.querySelector("h1, h2").focus();
  if (inFrame) post("ScrollToTop");
}

/** To the shop, or to one more step: `go` brings the customer there, and a link does if it cannot. */
function leave(href, heading, go = (target) => location.assign(target)) {
  const target = opened(href);
  if (target === null) return location.reload();
  element("leaving-link").href = target;
  element("leaving-heading").textContent = words(heading);
  show("leaving");
  go(target);
}

/** To the bank or the app, where the customer says yes: never in a frame, where nobody sees whose page it is. */
function toApproval(href) {
  element("leaving-text").textContent = words("leaving.approve");
  element("leaving-link").textContent = words("leaving.approve_link");
  leave(href, "leaving.plain", inFrame ? toTop : undefined);
}

/** To the shop, with how it ended. A page that holds this one is told, and takes the customer on. */
function end(state, href) {
  const heading = { paid: "leaving.heading", on_hold: "leaving.on_hold" }[state] ?? "leaving.plain";
  if (!held) return leave(href, heading);
  leave(href, heading, () => {
    tellEnd(state, href);
    setTimeout(showTold, TELLING);
  });
}

/** A session that has come to rest: on to the shop when it was paid, else the server's own words for it. */
function follow({ state, href }) {
  const onward = held ? isEnd(state) : state === "paid" || state === "on_hold";
  if (onward && href) end(state, href);
  else location.reload();
}

async function wait({ lost = false } = {}) {
  show("waiting");
  // A payment that waits for the customer elsewhere has a way there, which the server puts on the page.
  const stop = ({ state, waiting }) =>
    (waiting?.redirect_url ?? null) !== data.waits_at || (state === "locked" && element("form"));
  const session = await untilSettled(data.urls, { lost, tell: tellTrouble, stop });
  if (!element("form") || (session.state !== "open" && session.state !== "locked")) return follow(session);
  show("form");
  if (session.state === "locked") return hold(turnTo);
  setBusy(false);
  if (await isNew(session)) return;
  showRefusal(session.decline ? [session.decline] : [], { needs: chosen().needs });
}

function tellTrouble(kind) {
  const text = kind === null ? "" : words(`waiting.${kind}`);
  const trouble = element("waiting-trouble");
  trouble.hidden = text === "";
  if (trouble.textContent !== text) trouble.textContent = text; // told once, not at every pause
}

/** Whether something else is sold now than the page showed. Then it is shown, and told. */
async function isNew(session) {
  const shown = data.version;
  if (session.version === shown) return false;
  await renew();
  notice("changed", data.version !== shown);
  return true;
}

/** The session is not what the page shows: what is it? `code`: why nothing was paid. */
async function turnTo(session, code = "") {
  if (session === null || session.state === "paying" || session.state === "unknown") return wait();
  if (!element("form") || (session.state !== "open" && session.state !== "locked")) return follow(session);
  if (session.state === "locked") return hold(turnTo);
  setBusy(false);
  if (await isNew(session)) return;
  if (code === "TOO_MANY_TRIES") return showWords(words("refused.too_many"));
  if (code === "PRECONDITION_FAILED") return notice("changed", true); // the page has learned of it meanwhile
  if (code === "CONFLICT" && session.decline) return showRefusal([session.decline], { needs: chosen().needs });
  if (code) return location.reload(); // what the page offers is not offered any more
}

/** While nothing is paid here, the page learns what happened elsewhere. It tells so, and leaves nobody behind their back. */
const turnQuietly = (session) => (FINAL.includes(session.state) ? location.reload() : turnTo(session));

async function next(outcome) {
  if (outcome.kind === "leave" && !outcome.paid) return toApproval(outcome.href);
  if (outcome.kind === "leave" && !held) return end("paid", outcome.href);
  if (outcome.kind === "leave") return turnTo(await ask(data.urls)); // paid, or on hold: the shop's page wants to know
  if (outcome.kind === "look") return turnTo(await ask(data.urls), outcome.code ?? "?");
  return wait({ lost: outcome.kind === "lost" });
}

async function cancel() {
  const button = element("cancel");
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  element("cancel-error").textContent = "";
  const answer = await abandon(data.urls);
  if (answer?.status === 200 && answer.body.href) return end("cancelled", answer.body.href);
  const session = await ask(data.urls);
  if (session?.state === "cancelled" && session.href) return end("cancelled", session.href);
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

function asPopOut() {
  const here = new URL(location.href);
  here.searchParams.set("ui", "fullscreen");
  here.searchParams.set("role", "pop_out_payment");
  return here.href;
}

if (matchMedia("(min-width: 900px)").matches) document.querySelector(".order:not([data-long])")?.setAttribute("open", "");
// A page that comes back out of the browser's memory may show a state that has passed.
window.addEventListener("pageshow", (event) => event.persisted && location.reload());

if (element("form")) {
  payForm(element("form"), next);
  const form = panels.find((panel) => panel.dataset.panel === "form");
  watch(turnQuietly, () => !form.hidden && document.body.dataset.sending === undefined); // see express_send.js
}
if (element("cancel")) {
  element("cancel").disabled = false;
  element("cancel").addEventListener("click", cancel);
}
element("other")?.addEventListener("click", payOtherwise);
if (element("launch")) launcher(turnTo);
arrive();
if (held) embedded(turnTo);
if (inWindow && data.mode.holder === "nobody") {
  // Back from the bank, in the window that the shop's page opened: the server does not know, but our name and opener do.
  if (data.onward) tellEnd(data.state, data.onward);
  else location.replace(asPopOut());
}
// Back from the bank or the app, and all is paid: nobody has to press anything more.
const returned = data.onward && !held && new URLSearchParams(location.search).has("returned");
const onward = returned ? opened(data.onward) : null;
if (onward) location.replace(onward);
if (data.waiting) wait();
