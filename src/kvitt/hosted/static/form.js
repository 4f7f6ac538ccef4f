// The payment form: the chosen method's fields, and one payment at a time.

import { pay } from "./bank.js";
import { brandOf, checkCode, checkExpiry, checkNumber, codeLength, digits, formatCode, formatExpiry, formatNumber } from "./card.js";
import { additions, conditions } from "./conditions.js";
import "./consents.js";
import { data, element, words } from "./data.js";
import { field } from "./field.js";
import { payAllowed } from "./host.js";
import { isLocked, unlocked } from "./lock.js";
import { chosen, otherFields, showChosen } from "./methods.js";
import { whenRenewed } from "./parts.js";
import { clearRefusal, showRefusal, showWords } from "./refusal.js";

const REFUSED = {
  number: "card.number.refused",
  expiry: "card.expiry.refused",
  cvc: "card.cvc.refused",
  phone_number: "method.phone.wrong",
  gift_card: "method.gift.wrong",
};

let busy = false;

export const isBusy = () => busy;

/** While a payment is under way nothing can be changed or sent, and what was typed stays where it is. */
export function setBusy(now) {
  busy = now;
  if (!element("form")) return;
  element("pay").setAttribute("aria-disabled", String(now));
  element("pay-text").textContent = words(now ? "pay.busy" : "pay.button");
  for (const input of document.querySelectorAll("#form input")) input.readOnly = now;
  element("cancel").disabled = now;
  announce(now ? words("pay.busy") : "");
}

function announce(text) {
  element("news").textContent = text;
}

function cardFields() {
  const [number, expiry, cvc] = ["card-number", "card-expiry", "card-cvc"].map(element);
  const say = (key, found, values) => (found ? words(`${key}.${found}`, values) : null);

  function showBrand() {
    const brand = brandOf(number.value);
    element("card-brand").toggleAttribute("data-known", brand.name !== "");
    element("card-brand-name").textContent = brand.short ?? brand.name;
    element("card-number-hint").textContent = brand.name;
    element("card-cvc-hint").textContent = words(codeLength(number.value) === 4 ? "card.cvc.hint_front" : "card.cvc.hint");
  }

  showBrand();
  return {
    number: {
      ...field(number, {
        format: formatNumber,
        problem: (text) => say("card.number", checkNumber(text)),
        announce,
        changed: showBrand,
      }),
      plain: digits,
    },
    expiry: field(expiry, {
      format: formatExpiry,
      problem: (text) => say("card.expiry", checkExpiry(text, new Date())),
      announce,
    }),
    cvc: field(cvc, {
      format: formatCode,
      problem: (text) => say("card.cvc", checkCode(text, number.value), { digits: codeLength(number.value) }),
      announce,
    }),
  };
}

/** What is sent to pay with the method, from its fields; those that were left empty are not. */
function payment({ product, needs, saved }, fields) {
  const filled = Object.entries(fields).filter(([, { input }]) => input.value.trim() !== "");
  const given = Object.fromEntries(filled.map(([name, { input, plain }]) => [name, plain ? plain(input.value) : input.value]));
  const said = { payment_product_type: product };
  if (needs === "saved") return { ...said, payment_token_id: saved };
  if (needs !== "card") return { ...said, ...given };
  const consent = element("save-card");
  return { ...said, card: given, ...(consent ? { remember_me: consent.checked } : {}) };
}

const isBefore = (one, other) => Boolean(one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING);

/** The shop's page may look at the order first, and change it: the customer pays what they said yes to, or is asked. */
async function whyNot() {
  const agreed = words("pay.button");
  const { error } = await payAllowed();
  await unlocked();
  return error ?? (words("pay.button") === agreed ? null : words("embed.changed"));
}

/** `next(outcome)` is called with how a payment went, unless it was refused: that is shown here, for another try. */
export function payForm(form, next) {
  const fieldsOf = otherFields(announce);
  if (element("card-number")) fieldsOf.card = cardFields();

  async function submit() {
    if (busy || isLocked()) return;
    clearRefusal();
    const method = chosen();
    if (!method.product) {
      showWords(words("embed.choose"));
      return document.querySelector("#methods input").focus();
    }
    const fields = fieldsOf[method.needs];
    const wrong = [...conditions, ...Object.values(fields)].filter((one) => !one.check());
    wrong.sort((one, other) => (isBefore(one.input, other.input) ? -1 : 1));
    if (wrong.length) {
      announce(wrong.length === 1 ? words("fix.one") : words("fix.several", { count: wrong.length }));
      wrong[0].input.focus();
      return;
    }
    setBusy(true);
    const stopped = await whyNot();
    if (stopped) {
      setBusy(false);
      return showWords(stopped);
    }
    const said = Object.assign(payment(method, fields), ...additions.map((members) => members()));
    const outcome = await pay(data.urls, said, data.version);
    if (outcome.kind !== "refused") return next(outcome);
    setBusy(false);
    const marked = outcome.fields.filter((name) => fields[name]);
    for (const name of marked) fields[name].show(words(REFUSED[name]));
    showRefusal(outcome.details, { needs: method.needs, fields: marked });
    if (marked.length) fields[marked[0]].input.focus();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  const isChoice = (input) => input.matches("[type=radio], [type=checkbox]");
  form.addEventListener("click", (event) => busy && isChoice(event.target) && event.preventDefault());
  element("methods")?.addEventListener("change", () => {
    clearRefusal();
    showChosen();
  });
  whenRenewed(() => busy && setBusy(true)); // the button was given its words back
  showChosen(); // a browser that goes back may have chosen another one than the server
  element("pay").disabled = false;
  document.documentElement.dataset.ready = ""; // the page did load: see .not-loaded
  if (data.decline) showRefusal([data.decline], { needs: data.methods.length === 1 ? chosen().needs : "" });
}
