// What the shop's page may ask of the page that it holds, and what it hears of the session meanwhile.

import { ask, pausing, send, untilSettled } from "./bank.js";
import { data, element } from "./data.js";
import { isEnd, tellEnd } from "./ending.js";
import { hears, post } from "./host.js";
import { isLocked, setLocked } from "./lock.js";
import { choose, chosen } from "./methods.js";
import { renew, whenRenewed } from "./parts.js";

const PATIENCE = 10_000; // ms
const PAUSE = 2_000;
let refreshing = false;

/** `turn(session)` is called when the session came to another state than the page shows. */
export function embedded(turn) {
  hears("LockSession", () => lock(turn));
  hears("RefreshSession", () => refresh(turn));
  hears("SetLanguage", ({ language }) => typeof language === "string" && turnTo(language));
  if (data.session) tellSession();
  if (data.state !== "open") return;
  if (element("form")) {
    hears("SetActivePaymentProductType", ({ payment_product_type: product }) => choose(product) || tellMethod());
    element("methods")?.addEventListener("change", tellMethod);
    tellMethod();
  }
  whenRenewed(() => refreshing || post("SessionUpdated", { session: data.session }));
}

/** A session that has ended is none that can be paid, but the shop wants to hear that it was paid. */
function tellSession() {
  const { state, href } = data.session;
  if (["expired", "cancelled", "failed"].includes(state)) return post("SessionNotFound");
  post("SessionLoaded", { session: data.session });
  if (isEnd(state)) tellEnd(state, href);
}

function tellMethod() {
  post("ActivePaymentProductType", { payment_product_type: chosen().product });
}

async function lock(turn) {
  setLocked(true);
  let answer = null;
  try {
    answer = await send("POST", data.urls.lock, undefined, PATIENCE);
  } catch {
    // no connection: said below
  }
  if (answer?.status !== 200) {
    setLocked(false);
    return post("SessionLockFailed");
  }
  post("SessionLocked", { pay_lock_id: answer.body.pay_lock.pay_lock_id });
  // The shop's page may forget to say that it is done, and the lock ends by itself.
  await untilSettled(data.urls, { tell: () => {}, stop: () => !isLocked() });
  if (isLocked()) refresh(turn);
}

async function refresh(turn) {
  let session = await ask(data.urls);
  for (; session === null; session = await ask(data.urls)) await pausing(PAUSE);
  if (session.state === "gone") return post("SessionNotFound");
  if (session.state !== "open" || data.state !== "open") {
    post("SessionUpdated", { session });
    return session.state !== "locked" && session.state !== data.state ? turn(session) : undefined;
  }
  refreshing = true;
  while (!(await renew())) await pausing(PAUSE);
  refreshing = false;
  setLocked(false);
  post("SessionUpdated", { session: data.session });
}

function turnTo(language) {
  if (language === document.documentElement.lang) return;
  const here = new URL(location.href);
  here.searchParams.set("language", language);
  location.replace(here.href);
}
