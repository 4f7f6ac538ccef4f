// What each of our pages tells whoever holds it, as soon as it is there: that it is, its language, and how high it is.

import { held, inFrame, inWindow, post } from "./host.js";

export function arrive() {
  if (!held) {
    delete document.body.dataset.inline; // opened on its own with a frame's address: it has the whole window
    return;
  }
  if (inWindow) post("AppLoaded");
  post("LanguageChanged", { language: document.documentElement.lang });
  if (inFrame) watchHeight();
}

/** The frame is as high as we say. Nothing here is high because the frame is: see styles/embed.css. */
function watchHeight() {
  let told = null;
  new ResizeObserver(() => {
    const height = Math.ceil(document.body.getBoundingClientRect().height);
    if (height !== told) post("HeightChanged", { height });
    told = height;
  }).observe(document.body);
}

// Links lead out of the frame, but those between our own pages of one session: the languages.
if (inFrame) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (link && !link.target && !link.hasAttribute("hreflang")) link.target = "_top";
  });
}
