// Which page is shown: #/ is the list of runs, #/run/ID/PAGE/NAME a page of one.

import { keepToken } from "./api.js";
import { make, notify } from "./dom.js";
import { showCharts } from "./charts.js";
import { showLive } from "./live.js";
import { showNetwork } from "./network.js";
import { showParticipant, showParticipants } from "./participants.js";
import { showReport } from "./report.js";
import { showRuns } from "./runs.js";
import { showSubmit } from "./submit.js";
import { showTimeline } from "./timeline.js";

const PAGES = {
  live: ["Run", showLive],
  charts: ["Charts", showCharts],
  participants: ["Participants", (page, run, name) => (name ? showParticipant(page, run, name) : showParticipants(page, run))],
  network: ["Network", showNetwork],
  timeline: ["Timeline", showTimeline],
  report: ["Report", showReport],
};

let leave = () => {};
let turn = 0;

async function show() {
  keepToken();
  leave();
  leave = () => {};
  notify("");
  turn += 1;
  const [where, run, name = "live", of = ""] = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  const page = document.getElementById("page"), mine = turn;
  page.replaceChildren();
  document.getElementById("pages").replaceChildren(...(where === "run" ? links(run, name) : []));
  for (const link of document.querySelectorAll("nav > a")) {
    if (link.hash === `#/${where}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${run ? `${run} - ` : ""}monerosim`;
  try {
    const left = await draw(page, where, run, name, of);
    // Another page may have been chosen meanwhile.
    if (mine === turn) leave = left ?? leave;
    else left?.();
  } catch (error) {
    if (mine === turn) notify(error.message);
  }
}

function draw(page, where, run, name, of) {
  if (where === "run" && PAGES[name]) return PAGES[name][1](page, run, of);
  return where === "submit" ? showSubmit(page) : showRuns(page);
}

function links(run, current) {
  const pages = Object.entries(PAGES).map(([name, [text]]) =>
    make("a", { href: `#/run/${encodeURIComponent(run)}/${name}`, "aria-current": name === current ? "page" : null, text }));
  return [make("span", { class: "facts", text: `${run}:` }), ...pages];
}

addEventListener("hashchange", () => {
  // The keyboard goes on in the page that was chosen.
  document.getElementById("page").focus({ preventScroll: true });
  show();
});
show();
