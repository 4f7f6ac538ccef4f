// The page in a frame that opens a window to pay in. The button lies in the shop's page, over the place of ours, since
// only a press there lets a browser open a window; how it looks and what it says is told from here.

import { untilSettled } from "./bank.js";
import { data, element, words } from "./data.js";
import { hears, ownWords, post, postKnown } from "./host.js";
import { isLocked, whenLocked } from "./lock.js";
import { renew, whenRenewed } from "./parts.js";
import { clearRefusal, showWords } from "./refusal.js";

const STYLES = [
  "color", "background", "textAlign", "padding", "border", "borderRadius", "cursor", "fontWeight", "lineHeight",
  "transition", "outline",
];

const look = (node, names) => {
  const style = getComputedStyle(node);
  return Object.fromEntries(names.map((name) => [name, style[name]]));
};

/** All that the shop's page sets on its button. It has no margin, and exactly our size. */
function styles(button, width, height) {
  const { fontWeight, fontSize, lineHeight, fontFamily } = getComputedStyle(button);
  const font = `${fontWeight} ${fontSize}/${lineHeight} ${fontFamily}`;
  return { font, ...look(button, STYLES), margin: "0", boxSizing: "border-box", width: `${width}px`, height: `${height}px` };
}

/** `turn(session)` is called when the window was closed and the session is not open any more. */
export function launcher(turn) {
  const button = element("launch");
  let resting = true; // no window is open
  let asking = false; // the window was closed: the shop's page may have heard the end, and put its button away
  let refused = false;
  let told = "";

  function say(key) {
    element("launch-news").textContent = key ? words(key) : "";
  }

  /** What has to be chosen before, is asked for in the frame. */
  function complete() {
    const { express, order } = data.session;
    const lacks = (needed, given) => needed && !given;
    return !lacks(express?.address_required, order.shipping_address) && !lacks(express?.option_required, order.shipping_option);
  }

  function message() {
    const box = button.getBoundingClientRect();
    const px = (number) => String(Math.round(number * 10) / 10);
    return {
      styles: styles(button, px(box.width), px(box.height)),
      stylesHover: look(element("launch-hover"), ["background"]),
      stylesFocusVisible: look(element("launch-focus"), ["outline", "outlineOffset"]),
      openLabel: words("pay.button"),
      focusLabel: words("embed.focus"),
      closeLabel: words("embed.close"),
      descriptionLabel: words("embed.description"),
      top: px(box.top + scrollY),
      left: px(box.left),
      right: px(document.documentElement.clientWidth - box.right),
      language: document.documentElement.lang,
      disabled: String(!resting || isLocked() || !complete()),
      session: data.session,
    };
  }

  async function show() {
    if (asking) return;
    if (!button.checkVisibility()) return hide();
    const now = message();
    if (JSON.stringify(now) === told) return;
    told = JSON.stringify(now);
    button.toggleAttribute("data-covered", await postKnown("ShowPopOutButton", now));
  }

  function hide() {
    if (told !== "hidden") post("HidePopOutButton");
    told = "hidden";
  }

  function rest(key) {
    resting = true;
    told = ""; // the web SDK has changed the button by itself
    say(key);
    show();
  }

  async function closed() {
    if (refused) return rest(null);
    asking = true;
    say("embed.asking");
    const session = await untilSettled(data.urls, { lost: true, tell: () => {}, stop: () => true });
    asking = false;
    if (session.state !== "open") return turn(session);
    await renew();
    rest("embed.closed");
  }

  hears("ValidatingPopOut", () => say("embed.checking"));
  hears("ValidationResult", ({ success, clientValidationError }) => {
    refused = success !== true;
    say(refused ? null : "embed.opened");
    if (refused) showWords(ownWords(clientValidationError));
  });
  hears("OpenedPopOut", () => {
    [resting, refused] = [false, false];
    clearRefusal();
    say("embed.opened");
    show();
  });
  hears("OpenPopOutFailed", () => {
    rest(null);
    showWords(words("embed.blocked"));
  });
  hears("ClosedPopOut", closed);
  whenRenewed(show);
  whenLocked(show);
  const watched = new ResizeObserver(show);
  watched.observe(document.body);
  watched.observe(button);
  document.documentElement.dataset.ready = ""; // the page did load: see .not-loaded
}
