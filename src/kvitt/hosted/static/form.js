// The card form: three fields, and one payment at a time.

import { pay } from "./bank.js";
import { brandOf, checkCode, checkExpiry, checkNumber, codeLength, digits, formatCode, formatExpiry, formatNumber } from "./card.js";
import { data, element, words } from "./data.js";
import { field } from "./field.js";
import { clearRefusal, showRefusal } from "./refusal.js";

let busy = false;

/** While a payment is under way nothing can be changed or sent, and what was typed stays where it is. */
export function setBusy(now) {
  busy = now;
  element("pay").setAttribute("aria-disabled", String(now));
  element("pay-text").textContent = words(now ? "pay.busy" : "pay.button");
  for (const input of document.querySelectorAll("#card input")) input.readOnly = now;
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
    number: field(number, {
      format: formatNumber,
      problem: (text) => say("card.number", checkNumber(text)),
      announce,
      changed: showBrand,
    }),
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

/** `next(outcome)` is called with how a payment went, unless it was refused: that is shown here, for another try. */
export function cardForm(form, next) {
  const fields = cardFields();

  async function submit() {
    if (busy) return;
    clearRefusal();
    const wrong = Object.values(fields).filter((one) => !one.check());
    if (wrong.length) {
      announce(wrong.length === 1 ? words("fix.one") : words("fix.several", { count: wrong.length }));
      wrong[0].input.focus();
      return;
    }
    setBusy(true);
    const { number, expiry, cvc } = fields;
    const card = { number: digits(number.input.value), expiry: expiry.input.value, cvc: cvc.input.value };
    const outcome = await pay(data.urls, { payment_product_type: data.product, card });
    if (outcome.kind !== "refused") return next(outcome);
    setBusy(false);
    for (const name of outcome.fields) fields[name].show(words(`card.${name}.refused`));
    showRefusal(outcome.details, outcome.fields);
    if (outcome.fields.length) fields[outcome.fields[0]].input.focus();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  element("pay").disabled = false;
  document.documentElement.dataset.ready = ""; // the page did load: see .not-loaded
  if (data.decline) showRefusal([data.decline]);
}
