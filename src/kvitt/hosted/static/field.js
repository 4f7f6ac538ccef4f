// A field that formats while somebody types, and that speaks up when they are done: never on a first keystroke.

import { digits } from "./card.js";

/**
 * @param {HTMLInputElement} input
 * @param {(text: string, deleting: boolean) => string} [format]  left as it is typed without one
 * @param {(text: string) => string|null} problem  the words for what is wrong, or null
 * @param {(words: string) => void} announce       for people who do not see the field
 */
export function field(input, { format, problem, announce, changed = () => {} }) {
  const error = document.getElementById(`${input.id}-error`);

  function show(words) {
    error.textContent = words ?? "";
    error.hidden = !words;
    if (words) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }

  function typed() {
    if (!error.hidden && problem(input.value) === null) show(null);
    changed();
  }

  if (format) keepFormatted(input, format, typed);
  else input.addEventListener("input", typed);

  input.addEventListener("blur", async () => {
    await untilReleased();
    if (input.value === "" || document.activeElement === input) return;
    const words = problem(input.value);
    if (words && words !== error.textContent) announce(words);
    show(words);
  });

  return {
    input,
    show,
    /** Whether it can be sent; shows what is wrong when it cannot. */
    check() {
      const words = problem(input.value);
      show(words);
      return words === null;
    },
  };
}

let pressed = null;
document.addEventListener("pointerdown", () => {
  pressed = new Promise((resolve) => {
    const released = () => setTimeout(() => resolve((pressed = null)));
    for (const kind of ["pointerup", "pointercancel"]) document.addEventListener(kind, released, { once: true });
  });
});

/** An error that appears while a button is being pressed would move it away from under the finger. */
const untilReleased = () => pressed ?? Promise.resolve();

/** Formats on every input, with the caret where the person left it: after the same digit as before. */
function keepFormatted(input, format, then) {
  let before = input.value;

  function reformat(event) {
    if (event.isComposing) return;
    const deleting = (event.inputType ?? "").startsWith("delete");
    let text = input.value;
    let caret = input.selectionStart ?? text.length;
    if (deleting && text.length < before.length && digits(text) === digits(before)) {
      // Only a space or a slash went, which would come right back: take the digit next to it instead.
      const forward = event.inputType.includes("Forward");
      const head = forward ? text.slice(0, caret) : text.slice(0, caret).replace(/\d\D*$/, "");
      const tail = forward ? text.slice(caret).replace(/^\D*\d/, "") : text.slice(caret);
      [text, caret] = [head + tail, head.length];
    }
    const atEnd = caret === text.length;
    const passed = digits(text.slice(0, caret)).length;
    const shown = format(text, deleting);
    if (shown !== input.value) {
      input.value = shown;
      if (document.activeElement === input) {
        const place = atEnd ? shown.length : afterDigits(shown, passed, deleting);
        input.setSelectionRange(place, place);
      }
    }
    before = input.value;
    then();
  }

  input.addEventListener("input", reformat);
  input.addEventListener("change", reformat); // some browsers fill fields in with this alone
}

/** The place right after the n-th digit; past the separator that follows it, unless something is being deleted. */
function afterDigits(text, count, deleting) {
  let place = 0;
  for (let seen = 0; place < text.length && seen < count; place++) if (/\d/.test(text[place])) seen++;
  while (!deleting && count > 0 && place < text.length && /\D/.test(text[place])) place++;
  return place;
}
