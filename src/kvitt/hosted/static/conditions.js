// What must hold before the customer can pay, beside the fields of the way to pay: each part of the page adds its own.

/** Each is like a field: `check()` says whether it holds and shows what is wrong when not; `input` is where to go then. */
export const conditions = [];

/** Each is called when the payment is sent, and answers members to send with it. */
export const additions = [];
