// Brings what the page shows up to date. The server renders it anew, and its parts are exchanged: what the customer has
// typed stays where it is, and amounts are written in one place only.

import { data, element, fill, read } from "./data.js";

const PATIENCE = 15_000; // ms
const listeners = [];

/** `listener()` is called each time the parts were exchanged: elements inside them are new ones then. */
export const whenRenewed = (listener) => listeners.push(listener);

/** Whether the page has a form of its own: for another state, or for other ways to pay than it shows fields for. */
const isOther = (page) =>
  page.body.dataset.state !== document.body.dataset.state ||
  JSON.stringify(read(page).methods) !== JSON.stringify(data.methods);

/** Whether it could be done. What cannot be shown by exchanging parts is shown by a page of its own. */
export async function renew() {
  let page;
  try {
    const answer = await fetch(location.href, {
      cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer", signal: AbortSignal.timeout(PATIENCE),
    });
    if (answer.status >= 500 || answer.status === 429) return false; // for now: what was typed stays
    page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (isOther(page)) return location.reload();
  } catch {
    return false;
  }
  for (const part of document.querySelectorAll("[data-part]")) exchange(part, page);
  fill(page);
  if (element("pay-text")) element("pay-text").textContent = data.words["pay.button"];
  document.title = page.title;
  for (const listener of listeners) listener();
  return true;
}

/** What was folded open stays open, and who was in a field of the part is in it again. */
function exchange(part, page) {
  const fresh = page.querySelector(`[data-part="${part.dataset.part}"]`);
  if (!fresh || fresh.outerHTML === part.outerHTML) return;
  const open = [...part.querySelectorAll("details[open][id]")].map((details) => details.id);
  const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
  part.replaceWith(document.adoptNode(fresh));
  for (const id of open) element(id)?.setAttribute("open", "");
  if (focused) element(focused)?.focus({ preventScroll: true });
}
