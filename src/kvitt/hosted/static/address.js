// Where the customer is sent. Addresses that would run something instead of opening are not followed.

const NEVER_OPENED = ["javascript:", "data:", "vbscript:", "blob:", "file:"];

/** The whole address to open, or null. Our own pages go on in the language of this one. */
export function opened(href) {
  const target = new URL(href, location.href);
  if (NEVER_OPENED.includes(target.protocol)) return null;
  const ours = target.origin === location.origin && target.protocol.startsWith("http");
  if (ours && !target.searchParams.has("language")) target.searchParams.set("language", document.documentElement.lang);
  return target.href;
}
