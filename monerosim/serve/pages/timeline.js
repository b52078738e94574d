// What a run was told and what befell it, over its time: the scenario's timeline, commands from outside, conditions, faults.

import { get, of } from "./api.js";
import { clock, make, row, scroller, table } from "./dom.js";

const KINDS = [
  "network-changed", "command-executed", "command-failed", "actor-failed", "actor-restarted", "actor-given-up",
  "process-died", "process-restarted", "process-given-up", "run-ended", "bootstrap-finished", "bootstrap-failed",
  "alert-raised", "alert-cleared",
];
const FAULTS = /failed|died|given-up|raised/;
const MOST_PAGES = 20;
const WIDTH = 1000;

export async function showTimeline(page, run) {
  const [status, planned, control, happened] = await Promise.all([
    get(of(run, "/api/status")), get(of(run, "/api/timeline")), get(of(run, "/api/control")), events(run),
  ]);
  const steered = control.requests.filter(({ request }) => request?.participant);
  const entries = [
    ...planned.map((entry) => [entry.at, entry.who, "planned", `${entry.do} ${entry.actor}`, told(entry.arguments)]),
    ...steered.map(({ request, answer }) => [answer?.at ?? status.t, request.participant, "from outside",
      `${request.command} ${request.actor}`, `${told(request.arguments)} ${answer ? answer.text : "not answered yet"}`]),
    ...happened.map(({ t, participant, data: { event, ...fields } }) => [t, participant, event, fields.do ?? fields.command ?? fields.name ?? fields.alert ?? "", told(fields)]),
  ].sort((one, other) => one[0] - other[0]);
  const svg = make("svg", { viewBox: `0 0 ${WIDTH} 60`, role: "img", "aria-label": "when it was" });
  const x = (t) => 10 + ((t - status.begin) / (status.end - status.begin)) * (WIDTH - 20);
  svg.append(make("line", { x1: 10, x2: WIDTH - 10, y1: 30, y2: 30, stroke: "currentColor" }));
  for (const [t, who, kind, what] of entries) {
    const tone = FAULTS.test(kind) ? "error" : kind === "from outside" ? "steered" : "";
    svg.append(make("circle", { cx: x(t), cy: 30, r: 6, class: `mark ${tone}` }, make("title", { text: `${clock(t)} ${who} ${kind} ${what}` })));
  }
  for (const [t, anchor] of [[status.begin, "start"], [0, "middle"], [status.end, "end"]]) {
    svg.append(make("text", { x: x(t), y: 54, "text-anchor": anchor, text: clock(t) }));
  }
  const rows = entries.map(([t, ...cells]) => row(clock(t), ...cells));
  rows.forEach((made) => { made.lastChild.className = "wide"; });
  const list = scroller("timeline", "timeline");
  list.append(table(["time", "participant", "kind", "what", "details"], rows));
  page.append(make("h1", { text: "Timeline" }), make("div", { class: "line" }, svg), list);
}

const told = (fields) => (Object.keys(fields).length ? JSON.stringify(fields) : "");

async function events(run) {
  const found = [];
  let after = "";
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const answer = await get(of(run, "/api/events", { kind: KINDS.join(","), limit: 1000, after }));
    found.push(...answer.events);
    if (answer.next === after || !answer.events.length) break;
    after = answer.next;
  }
  return found;
}
