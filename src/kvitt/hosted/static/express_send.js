// What the customer of an express session says is sent to the server; the shop may be asked about it, and take its time.

import { ask, send } from "./bank.js";
import { data, element, words } from "./data.js";
import { renew } from "./parts.js";

const PATIENCE = 190_000; // ms; the shop has a minute, and is asked three times at most

let underWay = 0;

/** Whether something is being sent: what the page shows may be about to change. */
export const isSending = () => underWay > 0;

/** Whether a payment is being sent: nothing is changed then. */
export const isPaying = () => element("pay")?.getAttribute("aria-disabled") === "true";

export function announce(text) {
  element("news").textContent = text;
}

/** Does `work` and counts it as sending, until it has come to its end. */
export async function whileSending(work) {
  underWay++;
  document.body.dataset.sending = "";
  try {
    return await work();
  } finally {
    underWay--;
    if (underWay === 0) delete document.body.dataset.sending;
  }
}

/** `{ view }`, or why not: `{ status, code, paths }`; 0 when there was no answer. */
export async function put(what, said) {
  try {
    const { status, body } = await send("PUT", `${data.urls.order}/${what}`, said, PATIENCE);
    if (status === 200) return { view: body };
    const error = body.error ?? {};
    return { status, code: error.code, paths: (error.errors ?? []).map((fault) => fault.path ?? "") };
  } catch {
    return { status: 0, code: "", paths: [] };
  }
}

/** The page as the server has it now; a session that was paid or has ended is shown by a page of its own. */
export async function learn() {
  if (!(await renew())) announce(words("express.offline"));
}

/** Why something was refused, in plain words. The page shows then what is so. */
export async function explain({ status, code }) {
  // A locked session is open again in a moment: what was typed stays.
  if (status === 409 && (await ask(data.urls))?.state === "locked") return words("express.locked");
  await learn();
  if (status === 0) return words("express.offline");
  if (code === "SHOP_CALLBACK_FAILED") return words("express.silent");
  if (code === "SESSION_FULL") return words("express.full");
  if (code === "INVALID_OPERATION") return words("express.not_express");
  return words("express.refused");
}
