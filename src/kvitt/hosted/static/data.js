// What the server told the script, and how to find things on the page.

export const element = (id) => document.getElementById(id);

/** `urls`, `words`, `methods`, `test`, `waiting`, `version`, and `decline`: the last try, when it was refused. */
export const data = JSON.parse(element("page-data").textContent);

/** Words of the catalogue, with each `{name}` replaced once. */
export const words = (key, values = {}) =>
  data.words[key].replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
