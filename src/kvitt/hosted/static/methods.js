// The ways to pay: which one is chosen, and what it asks the customer for beside a card.

import { digits } from "./card.js";
import { data, element, words } from "./data.js";
import { field } from "./field.js";

const NONE = { value: "", needs: "" };

/** `product`, and what it `needs`: "card", "phone", "gift_card", "saved" (its id is `saved`) or "nothing". */
export function chosen() {
  if (!element("methods")) return data.methods[0];
  const checked = document.querySelector("#methods :checked");
  return data.methods.find((method) => method.value === checked?.value) ?? NONE;
}

/** Chooses for the customer, or takes their choice back without a product; answers whether there was a choice. */
export function choose(product) {
  const radios = [...document.querySelectorAll("#methods input")];
  const wanted = data.methods.find((method) => method.product === product);
  if (radios.length === 0 || (product && !wanted)) return false;
  for (const radio of radios) radio.checked = radio.value === wanted?.value;
  element("methods").dispatchEvent(new Event("change"));
  return true;
}

export function showChosen() {
  const { needs } = chosen();
  for (const part of document.querySelectorAll("[data-needs]")) part.hidden = !part.dataset.needs.split(" ").includes(needs);
}

/** A country code or none, and 15 digits at most (ITU-T E.164). It may be left out: the app asks for it then. */
export function checkPhone(text) {
  if (text.trim() === "") return null;
  const count = digits(text).length;
  return /^\+?[\d\s().-]+$/.test(text.normalize("NFKC").trim()) && count >= 5 && count <= 15 ? null : "wrong";
}

const plainPhone = (text) => (text.trim().startsWith("+") ? "+" : "") + digits(text);

export function checkGift(text) {
  if (text.trim() === "") return "empty";
  const count = digits(text).length;
  return /^[\d\s-]+$/.test(text.normalize("NFKC").trim()) && count >= 8 && count <= 30 ? null : "wrong";
}

/** The fields that the page has, by what needs them; `plain` is how the server wants their text. */
export function otherFields(announce) {
  const say = (key, found) => (found ? words(`${key}.${found}`) : null);
  const made = { phone: {}, gift_card: {}, saved: {}, nothing: {} };
  if (element("phone")) {
    const problem = (text) => say("method.phone", checkPhone(text));
    made.phone = { phone_number: { ...field(element("phone"), { problem, announce }), plain: plainPhone } };
  }
  if (element("gift")) {
    const problem = (text) => say("method.gift", checkGift(text));
    made.gift_card = { gift_card: { ...field(element("gift"), { problem, announce }), plain: digits } };
  }
  return made;
}
