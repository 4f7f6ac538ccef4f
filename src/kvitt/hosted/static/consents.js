// The shop's checkboxes: the required ones are ticked before anybody pays, and all of them are sent as they stand.

import { additions, conditions } from "./conditions.js";
import { data, element, words } from "./data.js";

const boxes = (data.consents ?? []).map((id, place) => ({ id, input: element(`consent-${place}`) }));

function show(input, text) {
  const error = element(`${input.id}-error`);
  error.textContent = text;
  error.hidden = text === "";
  if (text) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}

function condition(input) {
  const holds = () => input.checked || !input.required;
  input.addEventListener("change", () => holds() && show(input, ""));
  return {
    input,
    check() {
      show(input, holds() ? "" : words("consents.empty"));
      return holds();
    },
  };
}

if (boxes.length) {
  conditions.push(...boxes.map(({ input }) => condition(input)));
  additions.push(() => ({ checkboxes: boxes.map(({ id, input }) => ({ id, checked: input.checked })) }));
}
