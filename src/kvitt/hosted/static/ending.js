// Tells whoever holds the page how a session ended: once, in the web SDK's words.

import { data } from "./data.js";
import { post } from "./host.js";

const TYPES = {
  paid: "SessionPaymentAuthorized",
  on_hold: "SessionPaymentOnHold",
  cancelled: "SessionCancel",
  failed: "SessionPaymentError",
};
let told = data.mode.told;

/** Whether the shop's page is told of such an end. Of an expired session it hears that there is none. */
export const isEnd = (state) => Object.hasOwn(TYPES, state);

/** `href`: the shop's address, whose parameters say the same. */
export function tellEnd(state, href) {
  if (told) return;
  told = true;
  const said = new URL(href).searchParams;
  const member = (name) => (said.has(name) ? { [name]: said.get(name) } : {});
  const more = state === "cancelled" ? {} : { ...member("transaction_id"), ...member("error") };
  post(TYPES[state], { href, ...member("merchant_reference"), ...more });
}

/** Shows what the server says of the end: nobody took the customer on. */
export function showTold() {
  const here = new URL(location.href);
  here.searchParams.set("told", "true");
  location.replace(here.href);
}
