// The fields of an address: what each has to hold, what is sent of them, and what the server did not take.

import { digits } from "./card.js";
import { words } from "./data.js";
import { announce } from "./express_send.js";
import { field } from "./field.js";
import { checkPhone } from "./methods.js";

/** How many digits a postal code has where it is digits alone. */
const DIGITS = { NO: 4, DK: 4, SE: 5, FI: 5, DE: 5, FR: 5, ES: 5, IT: 5, PL: 5, AT: 4, BE: 4, CH: 4, LU: 4, EE: 5, US: 5 };
const MORE = { US: 9 };

/** Countries that have no postal codes, or none that people know. */
const WITHOUT =
  "AE AG AO AW BF BI BJ BO BS BW BZ CD CF CG CI CK CM DJ DM ER FJ GA GD GH GM GN GQ GY HK IE JM KI KM KN KP LC ML MO " +
  "MR MS MW NR NU PA QA RW SB SC SL SR ST SY TD TF TG TK TL TO TV UG VU YE ZW";

/** As it is dialled. What is no number at all stays, to be told so. */
const plainPhone = (typed) => (checkPhone(typed) ? typed : typed.normalize("NFKC").replace(/[^\d+]/g, ""));

function wrong(name, text, country) {
  if (name === "postal_code") return wrongCode(text, country);
  if (text === "") return words(`express.${name}.empty`);
  if (name === "email" && !/^[^\s@]+@[^\s@]+\.[^\s@.]+$/.test(text)) return words("express.email.wrong");
  if (name === "phone_number" && checkPhone(text)) return words("express.phone_number.wrong");
  return null;
}

function wrongCode(text, country) {
  if (text === "") return WITHOUT.split(" ").includes(country) ? null : words("express.postal_code.empty");
  const [count, most] = [DIGITS[country], MORE[country] ?? DIGITS[country]];
  const typed = text.normalize("NFKC").replace(new RegExp(`^${country}-?`, "i"), "");
  if (!count || (/^[\d\s-]+$/.test(typed) && [count, most].includes(digits(typed).length))) return null;
  return words("express.postal_code.wrong", { digits: count });
}

/** `prefix`: of the fields' ids. A field that is not shown is neither asked for nor sent. */
export function addressFields(prefix) {
  const inputs = [...document.querySelectorAll(`[id^="${prefix}-"][data-member]`)];
  const country = inputs.find((input) => input.dataset.member === "country");
  const shown = (input) => !input.closest("[data-for][hidden]");
  const text = (input) => {
    const typed = input.value.trim();
    return input.dataset.member === "phone_number" ? plainPhone(typed) : typed;
  };
  const fields = {};
  for (const input of inputs.filter((one) => one.type !== "hidden")) {
    const name = input.dataset.member;
    const problem = () => (input.required || text(input) ? wrong(name, text(input), country.value) : null);
    fields[name] = field(input, { problem: input.required || name === "postal_code" ? problem : () => null, announce });
  }

  /** Digits get the phone's number pad where a postal code is digits alone. */
  function fitCountry() {
    const code = fields.postal_code.input;
    if (DIGITS[country.value]) code.inputMode = "numeric";
    else code.removeAttribute("inputmode");
    if (code.getAttribute("aria-invalid")) fields.postal_code.check();
  }
  country.addEventListener("change", fitCountry);
  fitCountry();

  return {
    /** What was typed, by member; what is empty is left out. */
    values: () =>
      Object.fromEntries(inputs.filter((input) => shown(input) && text(input)).map((input) => [input.dataset.member, text(input)])),
    /** The fields that are wrong, each with its error shown. */
    check: () => Object.values(fields).filter((one) => shown(one.input) && !one.check()),
    /** Shows at the fields what the server did not take; answers those that the page has. */
    mark(paths) {
      const found = Object.keys(fields).filter((name) => paths.includes(name) && shown(fields[name].input));
      for (const name of found) fields[name].show(words(`express.${name in REFUSED ? name : "field"}.refused`));
      return found.map((name) => fields[name]);
    },
    fill(given) {
      for (const input of inputs) if (input.type !== "hidden") input.value = given[input.dataset.member] ?? "";
      for (const one of Object.values(fields)) one.show(null);
      fitCountry();
    },
  };
}

const REFUSED = { country: true, organization_number: true };
