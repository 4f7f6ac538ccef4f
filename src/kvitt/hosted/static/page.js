// Brings the server's page to life: fields that help, one payment at a time, and the truth about how it went.

import { abandon, ask, pay, untilSettled } from "./bank.js";
import { brandOf, checkCode, checkExpiry, checkNumber, codeLength, digits, formatCode, formatExpiry, formatNumber } from "./card.js";
import { field } from "./field.js";

const data = JSON.parse(document.getElementById("page-data").textContent);
const words = (key, values = {}) => data.words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
const element = (id) => document.getElementById(id);
const panels = [...document.querySelectorAll("[data-panel]")];

let busy = false;

// ---- going from one thing to another

function show(name) {
  for (const panel of panels) panel.hidden = panel.dataset.panel !== name;
  panels.find((panel) => !panel.hidden)?.querySelector("h2").focus({ preventScroll: false });
}

/** To the shop, or to one more step. Addresses that would run something instead of opening are not followed. */
function leave(href, heading) {
  const target = new URL(href, location.href);
  if (["javascript:", "data:", "vbscript:", "blob:", "file:"].includes(target.protocol)) return location.reload();
  element("leaving-link").href = target.href;
  element("leaving-heading").textContent = words(heading);
  show("leaving");
  location.assign(target.href);
}

/** A session that has come to rest: on to the shop when there is one to go to, else the server's own words for it. */
function follow(session) {
  const heading = { paid: "leaving.heading", on_hold: "leaving.on_hold" }[session.state];
  if (heading && session.href) leave(session.href, heading);
  else location.reload();
}

async function wait({ lost = false } = {}) {
  show("waiting");
  const trouble = element("waiting-trouble");
  const session = await untilSettled(data.urls, {
    lost,
    tell(kind) {
      trouble.hidden = kind === null;
      const text = kind === null ? "" : words(`waiting.${kind}`);
      if (trouble.textContent !== text) trouble.textContent = text;
    },
  });
  if (session.state !== "open" || !element("card")) return follow(session);
  setBusy(false);
  show("form");
  refuse(words("refused.after_waiting"));
}

// ---- the form

function setBusy(now) {
  busy = now;
  element("pay").setAttribute("aria-disabled", String(now));
  element("pay-text").textContent = now ? words("pay.busy") : words("pay.button");
  for (const input of document.querySelectorAll("#card input")) input.readOnly = now;
  element("cancel").disabled = now;
}

function announce(text) {
  element("news").textContent = text;
}

function refuse(text) {
  const heading = document.createElement("strong");
  heading.textContent = words("refused.heading");
  const what = document.createElement("span");
  what.append(heading, text);
  element("refusal").replaceChildren(what);
  element("refusal").scrollIntoView({ block: "nearest" });
}

/** What to try next, in plain words: by what the bank said, when it is something the customer can do about. */
function advice({ details, fields }) {
  if (fields.length) return words("refused.fields");
  const codes = details.map((detail) => detail.code);
  if (codes.some((code) => data.confirmation_codes.includes(code))) return words("refused.confirmation");
  if (codes.some((code) => data.funds_codes.includes(code))) return words("refused.funds");
  return words(details.some((detail) => detail.category === "temporary") ? "refused.temporary" : "refused.permanent");
}

function cardForm(form) {
  const [number, expiry, code] = ["card-number", "card-expiry", "card-cvc"].map(element);

  function showBrand() {
    const brand = brandOf(number.value);
    const mark = element("card-brand");
    mark.toggleAttribute("data-known", brand.name !== "");
    element("card-brand-name").textContent = brand.short ?? brand.name;
    element("card-number-hint").textContent = brand.name;
    element("card-cvc-hint").textContent = words(codeLength(number.value) === 4 ? "card.cvc.hint_front" : "card.cvc.hint");
  }

  const problem = (key, found, values) => (found ? words(`${key}.${found}`, values) : null);
  const fields = {
    number: field(number, {
      format: formatNumber,
      problem: (text) => problem("card.number", checkNumber(text)),
      announce,
      changed: showBrand,
    }),
    expiry: field(expiry, {
      format: formatExpiry,
      problem: (text) => problem("card.expiry", checkExpiry(text, new Date())),
      announce,
    }),
    cvc: field(code, {
      format: formatCode,
      problem: (text) => problem("card.cvc", checkCode(text, number.value), { digits: codeLength(number.value) }),
      announce,
    }),
  };
  showBrand();

  async function submit() {
    if (busy) return;
    element("refusal").replaceChildren();
    const wrong = Object.values(fields).filter((one) => !one.check());
    if (wrong.length) {
      announce(wrong.length === 1 ? words("fix.one") : words("fix.several", { count: wrong.length }));
      wrong[0].input.focus();
      return;
    }
    setBusy(true);
    announce(words("pay.busy"));
    const card = { number: digits(number.value), expiry: expiry.value, cvc: code.value };
    const went = await pay(data.urls, { payment_product_type: data.product, card });
    if (went.kind === "leave") return leave(went.href, "leaving.heading");
    if (went.kind === "wait" || went.kind === "lost") return wait({ lost: went.kind === "lost" });
    if (went.kind === "look") return look();
    setBusy(false);
    announce("");
    for (const name of went.fields) fields[name].show(words(`card.${name}.refused`));
    refuse(advice(went));
    if (went.fields.length) fields[went.fields[0]].input.focus();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  element("pay").disabled = false;
  document.documentElement.dataset.ready = "";
}

/** The server said no for another reason than the card: the session is not what the page shows. */
async function look() {
  const session = await ask(data.urls);
  if (session === null || session.state === "paying" || session.state === "unknown") return wait();
  follow(session);
}

async function cancel() {
  if (busy) return;
  setBusyCancel(true);
  const answer = await abandon(data.urls);
  if (answer?.status === 200 && answer.body.href) return leave(answer.body.href, "leaving.plain");
  const session = await ask(data.urls);
  if (session?.state === "cancelled" && session.href) return leave(session.href, "leaving.plain");
  if (session && session.state !== "open") return session.state === "paying" || session.state === "unknown" ? wait() : follow(session);
  setBusyCancel(false);
  element("cancel-error").textContent = words("cancel.failed");
}

function setBusyCancel(now) {
  busy = now;
  element("cancel").setAttribute("aria-disabled", String(now));
  element("cancel-error").textContent = "";
}

// ---- the start

if (matchMedia("(min-width: 900px)").matches) document.querySelector(".order")?.setAttribute("open", "");
// A page that comes back from the browser's memory may tell of a state that has passed.
window.addEventListener("pageshow", (event) => event.persisted && location.reload());

if (element("card")) cardForm(element("card"));
if (element("cancel")) {
  element("cancel").disabled = false;
  element("cancel").addEventListener("click", cancel);
}
if (data.waiting) wait();
