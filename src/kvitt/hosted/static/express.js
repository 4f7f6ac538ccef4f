// The steps of an express session, one after the other: where the goods go, how they come, discount codes, then paying.

import { conditions } from "./conditions.js";
import { element, words } from "./data.js";
import { addressStep } from "./express_address.js";
import { codesStep } from "./express_codes.js";
import { optionsStep } from "./express_options.js";
import { announce, isSending } from "./express_send.js";

if (element("express")) {
  const options = optionsStep();
  const address = addressStep(async () => {
    options.focus();
    await options.chooseOnly();
  });
  codesStep();

  let missing = null;
  conditions.push({
    /** An address and a choice are there, and nothing is about to change the price. */
    check() {
      missing = null;
      if (isSending()) missing = element("pay");
      else if (address.isOpen()) missing = address.complain();
      else if (options.isMissing()) missing = options.complain();
      return missing === null;
    },
    get input() {
      if (missing === element("pay")) setTimeout(() => announce(words("express.patience"))); // after the form's own words
      return missing;
    },
  });
}
