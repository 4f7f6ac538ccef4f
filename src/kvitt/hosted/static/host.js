// Whoever holds the page: nobody, the page that it is framed in, or the page that opened its window. What is posted goes
// there alone, and what comes from anywhere else, or is about another session, is not heard.

import { data, words } from "./data.js";

const WINDOW = "dintero-checkout"; // what the web SDK calls the window that it opens; the name outlives the bank's pages
const PATIENCE = 60_000; // ms in which the shop's page has to say yes or no
const ACK_PATIENCE = 500;
const LONGEST = 300; // characters of a shop's own words

const holder = found();
const target = { frame: window.parent, launcher: window.parent, window: window.opener, nobody: null }[holder];
const origin = target && originOf();
const listeners = [];
let posted = 0;

function found() {
  const asked = data.mode.holder;
  const framed = window.parent !== window;
  if (asked === "frame" || asked === "launcher") return framed ? asked : "nobody";
  const named = asked === "window" || window.name === WINDOW;
  return named && !framed && window.opener && !window.opener.closed ? "window" : "nobody";
}

/** Where the holder is from, or null when the browser does not tell. */
function originOf() {
  const above = holder === "window" ? undefined : location.ancestorOrigins?.[0];
  if (above) return above;
  try {
    const before = new URL(document.referrer).origin;
    return before === location.origin ? null : before; // we came here from a page of our own
  } catch {
    return null;
  }
}

export const inWindow = holder === "window";
export const inFrame = holder === "frame" || holder === "launcher";
export const held = inWindow || inFrame;

export function post(type, more = {}) {
  if (!target) return;
  const context = inWindow ? { context: "popOut" } : {};
  target.postMessage({ ...more, ...context, type, sid: data.mode.sid }, origin && origin !== "null" ? origin : "*");
}

/** `listener(message)` is called with each of that type. */
export const hears = (type, listener) => listeners.push([type, listener]);

window.addEventListener("message", ({ source, origin: from, data: said }) => {
  if (!target || source !== target || (origin && from !== origin)) return;
  if (typeof said !== "object" || said === null) return;
  if ("ack" in said) return heard("ack", said);
  if (said.sid === data.mode.sid) heard(said.type, said);
});

function heard(type, said) {
  for (const [wanted, listener] of [...listeners]) if (wanted === type) listener(said);
}

/** The next message of that type that fits; null when none comes in time. */
function next(type, patience, fits = () => true) {
  return new Promise((resolve) => {
    const entry = [type, (said) => fits(said) && done(said)];
    const timer = setTimeout(() => done(null), patience);
    const done = (said) => {
      clearTimeout(timer);
      listeners.splice(listeners.indexOf(entry), 1);
      resolve(said);
    };
    listeners.push(entry);
  });
}

/** Posts, and answers whether the web SDK acts on messages of this type: older ones do not know all of them. */
export async function postKnown(type, more) {
  const mid = `${type}-${++posted}`;
  post(type, { ...more, mid });
  return (await next("ack", ACK_PATIENCE, (said) => said.ack === mid)) !== null;
}

/** The whole window goes on to a page that no other page may hold, as a bank's. */
export async function toTop(href) {
  if (!data.mode.nested && (await postKnown("TopLevelNavigation", { href }))) return;
  window.open(href, "_top");
}

async function allowed(question, answer, session, error) {
  const answered = next(answer, PATIENCE);
  post(question, { session });
  const said = await answered;
  if (said === null) return { allowed: false, error: words("embed.silent") };
  return said.success === true ? { allowed: true, error: null } : { allowed: false, error: error(said) };
}

/** What the shop's page says of itself, or our words where it says nothing. It is shown as text. */
export const ownWords = (text) => (typeof text === "string" && text.trim().slice(0, LONGEST)) || words("embed.refused");

/** Whether the shop's page lets the customer pay: { allowed, error }. */
export async function payAllowed() {
  if (!inFrame || !data.mode.validates) return { allowed: true, error: null };
  const theirs = (said) => ownWords(said.clientValidationError);
  return allowed("ValidateSession", "ValidationResult", data.session, theirs);
}

/** Whether the shop's page takes this session, with an address that is not saved yet: { allowed, error }. */
export async function addressAllowed(session) {
  if (!inFrame || !data.mode.asks_address) return { allowed: true, error: null };
  return allowed("AddressCallback", "AddressCallbackResult", session, (said) => ownWords(said.error));
}
