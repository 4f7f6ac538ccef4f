// How the goods come. What the customer chooses is sent at once, the last choice wins, and the price follows.

import { data, element, words } from "./data.js";
import { announce, explain, isPaying, learn, put, whileSending } from "./express_send.js";
import { whenRenewed } from "./parts.js";

let wanted = null;
let sending = false;

const radios = () => [...document.querySelectorAll("#options input")];
const chosen = () => radios().find((radio) => radio.checked);
const isNamed = ({ dataset }, { id, line_id }) => dataset.id === id && dataset.line === line_id;

/** What is wanted, else what the session has. A browser that reloads a page may have kept another choice. */
function showChoice() {
  for (const radio of radios()) radio.checked = wanted ? isNamed(radio, wanted) : radio.defaultChecked;
}

function show(text) {
  const options = element("options");
  element("shipping-error").textContent = text;
  if (text) options?.setAttribute("aria-invalid", "true");
  else options?.removeAttribute("aria-invalid");
}

/** Why the last choice does not stand, or "". */
async function send() {
  let refused;
  do {
    const option = wanted;
    wanted = null;
    const answer = await put("shipping_option", option);
    if (wanted) continue;
    if (answer.view) await learn();
    const text = answer.view ? "" : await explain(answer);
    refused = answer.paths?.some((path) => path === "id" || path === "line_id") ? words("express.not_offered") : text;
  } while (wanted); // chosen meanwhile
  return refused;
}

async function choose(id, line_id) {
  wanted = { id, line_id };
  show("");
  if (sending) return;
  sending = true;
  announce(words("express.pricing"));
  const refused = await whileSending(send);
  sending = false;
  showChoice();
  show(refused);
  if (!refused) announce(words("express.priced"));
}

export function optionsStep() {
  element("express").addEventListener("change", ({ target }) => {
    if (target.name === "shipping") choose(target.dataset.id, target.dataset.line);
  });
  element("express").addEventListener("click", (event) => {
    if (event.target.name === "shipping" && isPaying()) event.preventDefault();
  });
  whenRenewed(showChoice);
  showChoice();

  return {
    isMissing: () => data.express.option_required && !chosen(),
    /** Paying has to wait for it. Answers where to go. */
    complain() {
      show(words("express.option"));
      return radios()[0] ?? element("address-change");
    },
    /** Where there is one way alone, nobody has to choose. */
    async chooseOnly() {
      const [only, other] = radios();
      if (only && !other && !only.checked && data.express.option_required) await choose(only.dataset.id, only.dataset.line);
    },
    /** After the address: to the choice, or to paying. */
    focus() {
      const next = ["pay-heading", "launch-heading"].map(element).find((heading) => heading);
      (element("shipping").hidden ? next : element("shipping-heading")).focus();
    },
  };
}
