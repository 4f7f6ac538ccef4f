// Discount codes: used and removed one at a time; the shop says what they are worth, or that it does not know them.

import { data, element, words } from "./data.js";
import { announce, explain, isPaying, isSending, learn, put, whileSending } from "./express_send.js";
import { whenRenewed } from "./parts.js";

const alike = (one, other) => one.toUpperCase() === other.toUpperCase();

function show(text) {
  element("code-error").textContent = text;
  if (text) element("code").setAttribute("aria-invalid", "true");
  else element("code").removeAttribute("aria-invalid");
}

/** A code in use, as the server lets it be seen. */
const shown = (place) => element(`code-${place}`)?.previousElementSibling.textContent ?? "";

function showRoom() {
  element("code-form").hidden = data.express.codes.length >= data.express.most_codes;
}

/** What the shop made of it: the codes that count now, or null when it took none of this. */
async function send(codes) {
  element("code-add").setAttribute("aria-disabled", "true");
  announce(words("express.code.busy"));
  const { used, refused } = await whileSending(async () => {
    const answer = await put("discount_codes", { discount_codes: codes });
    if (answer.view) await learn();
    if (answer.view) return { used: answer.view.order.discount_codes ?? [] };
    const text = await explain(answer);
    return { used: null, refused: answer.code === "SHOP_CALLBACK_FAILED" ? words("express.code.silent") : text };
  });
  element("code-add").setAttribute("aria-disabled", "false");
  if (used === null) announce("");
  if (used === null) show(refused);
  return used;
}

async function add() {
  if (isSending() || isPaying()) return;
  const input = element("code");
  const code = input.value.trim();
  const before = data.express.codes;
  if (code === "" || before.some((used) => alike(used, code))) {
    show(words(code === "" ? "express.code.empty" : "express.code.twice"));
    return input.focus();
  }
  show("");
  const codes = await send([...before, code]);
  if (codes === null) return input.focus();
  if (!codes.some((used) => alike(used, code))) {
    announce("");
    show(words("express.code.refused"));
    return input.focus();
  }
  input.value = "";
  const last = data.express.codes.length - 1;
  announce(words("express.code.added", { code: shown(last) }));
  if (element("code-form").hidden) element(`code-${last}`)?.focus();
  else input.focus();
}

async function remove(place) {
  if (isSending() || isPaying()) return;
  const code = shown(place);
  show("");
  const codes = await send(data.express.codes.filter((_, index) => index !== place));
  if (codes === null) return;
  announce(words("express.code.removed", { code }));
  element("code").focus();
}

export function codesStep() {
  if (!element("codes")) return;
  element("code-form").addEventListener("submit", (event) => {
    event.preventDefault();
    add();
  });
  element("codes").addEventListener("click", ({ target }) => {
    const button = target.closest("[data-remove]");
    if (button) remove(Number(button.dataset.remove));
  });
  element("code").addEventListener("input", () => show(""));
  whenRenewed(showRoom);
  element("code-add").disabled = false;
}
