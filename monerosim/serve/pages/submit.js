// A scenario that the server is to play.

import { hasToken } from "./api.js";
import { make } from "./dom.js";

export function showSubmit(page) {
  const told = hasToken() ? "This server takes no scenarios yet." : "This needs the address with the token that the server printed.";
  page.append(make("h1", { text: "Submit a scenario" }), make("p", { class: "absent", text: told }));
}
