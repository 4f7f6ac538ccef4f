// Why a payment did not go through, in plain words, and what to try next.

import { data, element, words } from "./data.js";

// What a bank may answer that the customer can do something about.
const MUST_CONFIRM = ["ADDITIONAL_VERIFICATION_REQUIRED", "FAILED_VERIFICATION", "PIN_REQUIRED"];
const NO_FUNDS = ["INSUFFICIENT_FUNDS", "EXCEEDS_APPROVAL_LIMIT", "EXCEEDS_WITHDRAWAL_FREQUENCY_LIMIT"];

function advice(details, needs, fields) {
  if (fields.length) return words("refused.fields");
  const codes = details.flatMap((detail) => [detail.code, detail.reason]);
  if (codes.includes("DECLINED_BY_CUSTOMER")) return words("refused.by_you");
  if (codes.includes("RAN_OUT")) return words("refused.ran_out");
  if (codes.some((code) => MUST_CONFIRM.includes(code))) return words("refused.confirmation");
  if (needs === "gift_card" && codes.some((code) => NO_FUNDS.includes(code))) return words("refused.balance");
  if (needs !== "card" && needs !== "saved") return words("refused.other");
  if (codes.some((code) => NO_FUNDS.includes(code))) return words("refused.funds");
  return words(details.some((detail) => detail.category === "temporary") ? "refused.temporary" : "refused.permanent");
}

/**
 * `details`: what the bank answered, if it did; a tester also gets its own words. `needs`: of the method that was
 * tried, "" when that is not known. `fields`: names of wrong fields.
 */
export function showRefusal(details, { needs, fields = [] }) {
  const heading = document.createElement("strong");
  heading.textContent = words("refused.heading");
  const what = document.createElement("span");
  const text = details.length || fields.length ? advice(details, needs, fields) : words("refused.after_waiting");
  what.append(heading, text);
  for (const detail of data.test ? details : []) {
    const small = document.createElement("small");
    small.textContent = `${words("test.name")}: ${detail.message} (${detail.code})`;
    what.append(small);
  }
  element("refusal").replaceChildren(what);
  element("refusal").scrollIntoView({ block: "nearest" });
}

/** Why nothing was sent at all. */
export function showWords(text) {
  const what = document.createElement("span");
  what.textContent = text;
  element("refusal").replaceChildren(what);
  element("refusal").scrollIntoView({ block: "nearest" });
}

export function clearRefusal() {
  element("refusal").replaceChildren();
}
