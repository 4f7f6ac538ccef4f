// Talking to the server. What cannot be known is never called a failure: the page asks until it knows.

const PAY_PATIENCE = 45_000; // ms; the server answers "not known yet" well before
const ASK_PATIENCE = 10_000;
const FIRST_PAUSE = 700;
const LONGEST_PAUSE = 8_000;
const SLOW_AFTER = 20_000;

const FIELDS = ["number", "expiry", "cvc", "phone_number", "gift_card"];
const PASSING = ["paying", "unknown", "locked"];

export async function send(method, url, body, patience, headers = {}) {
  const response = await fetch(url, {
    method,
    headers: body === undefined ? headers : { "content-type": "application/json", ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
    cache: "no-store",
    credentials: "omit",
    referrerPolicy: "no-referrer",
    signal: AbortSignal.timeout(patience),
  });
  return { status: response.status, body: await response.json() };
}

/** The session as the server knows it; null when it cannot be asked; state "gone" when there is none. */
export async function ask(urls) {
  try {
    const { status, body } = await send("GET", urls.session, undefined, ASK_PATIENCE);
    if (status === 404) return { state: "gone" };
    return status === 200 ? body : null;
  } catch {
    return null;
  }
}

export async function abandon(urls) {
  try {
    return await send("POST", urls.abandon, undefined, ASK_PATIENCE);
  } catch {
    return null;
  }
}

/** Gives up a payment that waits for the customer elsewhere; answers the session, or null when it could not be asked. */
export async function giveUp(urls) {
  try {
    const { status, body } = await send("POST", urls.give_up, undefined, ASK_PATIENCE);
    return status === 200 ? body : null;
  } catch {
    return null;
  }
}

/**
 * What became of a payment: see `outcome`. A lost answer is an unknown outcome.
 * `version`: of what the page shows; nothing else is paid.
 */
export async function pay(urls, payment, version) {
  try {
    const seen = { "if-unmodified-since": String(version) };
    const { status, body } = await send("POST", urls.pay, payment, PAY_PATIENCE, seen);
    return outcome(status, body);
  } catch {
    return { kind: "lost" };
  }
}

/**
 * Reads an answer to pay.
 *   leave    { href, paid }       go there: paid, or one more step elsewhere
 *   refused  { details, fields }  no money moved; may be tried again
 *   wait                          not known yet
 *   lost                          nobody can say whether the server got it
 *   look { code }                 the session is not what the page shows any more
 */
export function outcome(status, body) {
  if (status === 200 && body.approval_url) return { kind: "leave", href: body.approval_url, paid: false };
  if (status === 200 && body.redirect_url) return { kind: "leave", href: body.redirect_url, paid: body.success === true };
  if (status === 200) return { kind: "wait" };
  if (status >= 500 || status === 408 || status === 429) return { kind: "lost" };
  const error = body.error ?? {};
  const details = body.error_details ?? [];
  const paths = [...(error.errors ?? []).map((fault) => fault.path), ...details.map((detail) => detail.field)];
  const fields = FIELDS.filter((name) => paths.some((path) => path === name || path === `card.${name}`));
  if (error.code === "Rejected" || fields.length) return { kind: "refused", details, fields };
  return { kind: "look", code: error.code };
}

/**
 * Asks until the session has come to rest, with longer and longer pauses, and at once when the network or the reader
 * comes back. After a lost answer "open" must be heard twice: the first may have overtaken the payment itself.
 * `stop(session)`: whether one that goes on is answered all the same.
 */
export async function untilSettled(urls, { lost = false, tell, stop }) {
  const started = Date.now();
  let opens = lost ? 2 : 1;
  for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE)) {
    await pausing(pause);
    const session = await ask(urls);
    if (session === null) {
      tell("offline");
      continue;
    }
    tell(Date.now() - started > SLOW_AFTER ? "slow" : null);
    if (PASSING.includes(session.state)) {
      if (stop(session)) return session;
      continue;
    }
    if (session.state === "open" && --opens > 0) {
      await pausing(2_000);
      continue;
    }
    return session;
  }
}

export function pausing(milliseconds) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      document.removeEventListener("visibilitychange", seen);
      resolve();
    };
    const seen = () => document.visibilityState === "visible" && done();
    const timer = setTimeout(done, milliseconds);
    window.addEventListener("online", done);
    document.addEventListener("visibilitychange", seen);
  });
}
