// Who the customer is and where the goods go. What is complete is sent, the shop is asked, and the address folds up.

import { ask } from "./bank.js";
import { data, element, words } from "./data.js";
import { addressFields } from "./express_fields.js";
import { announce, explain, isPaying, isSending, learn, put, whileSending } from "./express_send.js";
import { addressAllowed } from "./host.js";
import { whenRenewed } from "./parts.js";

const form = element("address");
const root = element("express");
const apart = element("apart");

const MEMBERS = ["email", "phone_number", "business_name", "organization_number", "customer_reference", "cost_center"];

let changing = false;

const isOpen = () => changing || data.express.step === "address";
const kind = () => form.querySelector("[name=kind]:checked")?.value ?? form.dataset.kind;

function showStep() {
  root.dataset.step = isOpen() ? "address" : "open";
  form.hidden = !isOpen();
  element("address-folded").hidden = isOpen();
  element("address-keep").hidden = !(changing && data.express.step === "open");
}

function showKind() {
  for (const part of form.querySelectorAll("[data-for]")) part.hidden = part.dataset.for !== kind();
  if (apart) element("apart-line").hidden = !apart.dataset.kinds.split(" ").includes(kind());
  if (apart) element("billing").hidden = !isApart();
}

const isApart = () => apart !== null && !element("apart-line").hidden && apart.checked;

function complain(text) {
  element("address-error").textContent = text;
}

function setBusy(now) {
  element("address-next").setAttribute("aria-disabled", String(now));
  element("address-next-text").textContent = words(now ? "express.busy" : "express.continue");
  const asking = element("address-asking");
  asking.textContent = now ? words("express.asking") : "";
  asking.hidden = !now;
  for (const input of form.elements) {
    if (input.matches("select, [type=radio], [type=checkbox]")) input.disabled = now;
    else input.readOnly = now;
  }
  if (now) announce(words("express.asking"));
}

/** The bill goes to who buys: what says who that is belongs to both addresses. */
function billTo(shipping, fields) {
  if (!isApart()) return shipping;
  const who = Object.fromEntries(MEMBERS.filter((name) => shipping[name]).map((name) => [name, shipping[name]]));
  return { ...who, ...fields.values() };
}

const same = (one, other) => {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => String(one[name] ?? "") === String(other[name] ?? ""));
};

export function addressStep(next) {
  const [goods, bill] = [addressFields("address"), apart ? addressFields("billing") : null];

  async function submit() {
    if (isSending() || isPaying()) return;
    complain("");
    const wrong = [...goods.check(), ...(isApart() ? bill.check() : [])];
    if (wrong.length) return lead(wrong);
    setBusy(true);
    const refused = await whileSending(send);
    setBusy(false);
    if (refused) return refuse(refused);
    if (data.express.step === "address") return refuse({ text: words("express.nowhere") });
    announce(words(data.express.options ? "express.choose" : "express.saved"));
    next();
  }

  function lead(wrong) {
    announce(wrong.length === 1 ? words("fix.one") : words("fix.several", { count: wrong.length }));
    wrong[0].input.focus();
  }

  /** Why it was not taken, or nothing when all stands. */
  async function send() {
    const shipping = goods.values();
    const billing = billTo(shipping, bill);
    if (data.mode.asks_address) {
      const session = await ask(data.urls);
      if (session?.order === undefined) return { status: 0 };
      const order = { ...session.order, shipping_address: shipping, billing_address: billing };
      const { allowed, error } = await addressAllowed({ ...session, order });
      if (!allowed) return { text: typeof error === "string" && error ? error : words("express.shop_says") };
    }
    const answer = await put("shipping_address", shipping);
    if (!answer.view) return { ...answer, fields: goods };
    const stands = answer.view.order.billing_address;
    const billed = stands && same(stands, billing) ? answer : await put("billing_address", billing);
    if (!billed.view) return { ...billed, fields: isApart() ? bill : goods };
    changing = false;
    await learn();
    return null;
  }

  async function refuse(refused) {
    changing = true; // what was typed stays open, whatever the server has
    const text = refused.text ?? (await explain(refused));
    const marked = refused.fields?.mark(refused.paths) ?? [];
    if (marked.length) return lead(marked);
    complain(text);
    element("address-error").focus();
  }

  function begin() {
    if (isPaying() || isSending()) return;
    changing = true;
    showStep();
    element("address-heading").focus();
  }

  function refill() {
    goods.fill(data.express.given);
    bill?.fill(data.express.billing);
    const chosen = form.querySelector(`[name=kind][value=${data.express.kind}]`);
    if (chosen) chosen.checked = true;
    if (apart) apart.checked = data.express.apart;
    showKind();
  }

  function keep() {
    if (isSending()) return;
    changing = false;
    complain("");
    refill();
    showStep();
    element("address-change").focus();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  form.addEventListener("change", (event) => {
    if (event.target.name === "kind" && apart) apart.checked = data.express.billing_defaults.includes(kind());
    showKind();
  });
  root.addEventListener("click", (event) => event.target.closest("#address-change") && begin());
  element("address-keep").addEventListener("click", keep);
  whenRenewed(() => {
    if (!isOpen()) refill();
    showStep();
  });
  showKind();
  showStep();
  element("address-next").disabled = false;

  return {
    isOpen,
    /** Paying has to wait for it. Answers where to go. */
    complain() {
      const wrong = goods.check();
      if (!wrong.length) complain(words("express.fill"));
      return wrong[0]?.input ?? element("address-next");
    },
  };
}
