// Notices over the form: what the customer should know before they go on. The server has written them.

import { element } from "./data.js";

/** Shows one, or takes it away. A page without a form has none. */
export function notice(name, shown) {
  const found = element(`notice-${name}`);
  if (found && found.hidden === shown) found.hidden = !shown;
}
