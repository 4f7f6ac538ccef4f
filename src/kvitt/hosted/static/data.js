// What the server told the script, and how to find things on the page.

export const element = (id) => document.getElementById(id);

/**
 * `mode`, `state`, `urls`, `words`, `methods`, `test`, `waiting`, `version`, and `decline`: the last try, when it was
 * refused. Filled anew when the page is: see parts.js.
 */
export const data = {};

export const read = (page) => JSON.parse(page.getElementById("page-data").textContent);

export function fill(page) {
  Object.assign(data, read(page));
}
fill(document);

/** Words of the catalogue, with each `{name}` replaced once. */
export const words = (key, values = {}) =>
  data.words[key].replace(/\{(\w+)\}/g, (place, name) => (Object.hasOwn(values, name) ? values[name] : place));
