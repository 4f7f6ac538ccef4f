// The script of pages on which there is nothing to press: no such session, one moment, and how it ended.

import { arrive } from "./arrival.js";
import { data } from "./data.js";
import { post } from "./host.js";

arrive();
if (data.state === "missing") post("SessionNotFound");
if (data.state === "result") post("HidePopOutButton"); // whatever it was last told
