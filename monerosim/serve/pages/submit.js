// A scenario for the server to play: checked as it is typed, queued, and shown when it is played.

import { get, hasToken, post } from "./api.js";
import { make, notify, refill, row, table } from "./dom.js";

const PAUSE = 400;
const LOOK = 2000;
const EXAMPLE = `[simulation]
name = "mine"
duration = "30m"

[participants.miner]
kind = "mining-pool"
hashrate = 100

[participants.block-controller]
kind = "block-controller"
`;

export async function showSubmit(page) {
  const text = make("textarea", { "aria-label": "scenario", spellcheck: "false", oninput: () => later() });
  const problems = make("ul", { class: "problems", "aria-live": "polite" });
  const send = make("button", { type: "button", text: "Submit", disabled: true, onclick: () => submit() });
  const length = make("p", { class: "facts", id: "waiting" });
  const queue = make("div", { class: "scroll", id: "queue" });
  page.append(make("h1", { text: "Submit a scenario" }), text, make("div", { class: "bar" }, send), problems, make("h2", { text: "Submitted" }), length, queue);
  if (!hasToken()) notify("This needs the address with the token that the server printed.");
  let waiting = null, asked = 0;

  const check = async () => {
    const mine = (asked += 1);
    try {
      const checked = await post("/api/check", { scenario: text.value });
      // What was typed meanwhile is checked by itself.
      if (mine !== asked) return;
      send.disabled = checked.problems.some((problem) => problem.severity === "error");
      problems.replaceChildren(...(checked.problems.length ? checked.problems.map(told) : [make("li", { text: "valid" })]));
    } catch (error) {
      problems.replaceChildren(make("li", { class: "error", text: error.message }));
    }
  };
  const later = () => {
    send.disabled = true;
    asked += 1;
    clearTimeout(waiting);
    waiting = setTimeout(check, PAUSE);
  };
  const submit = async () => {
    try {
      const submitted = await post("/api/runs", { scenario: text.value });
      notify(`submitted: ${submitted.id}`);
    } catch (error) {
      notify(error.message);
    }
    draw();
  };
  const draw = async () => {
    const submissions = await get("/api/submissions").catch(() => []);
    const waiting = submissions.filter((one) => one.position).length;
    length.textContent = waiting ? `${waiting} waiting` : "nobody waits";
    const rows = submissions.map((one) => row(nameOf(one), stateOf(one), one.reason));
    refill(queue, rows.length ? table(["run", "state", "reason"], rows) : make("p", { class: "absent", text: "Nothing yet." }));
  };
  text.value = EXAMPLE;
  if (hasToken()) later();
  await draw();
  const timer = setInterval(() => document.hidden || draw(), LOOK);
  return () => { clearInterval(timer); clearTimeout(waiting); };
}

// Its run is there as soon as it is played.
function nameOf(one) {
  return one.position ? one.id : make("a", { href: `#/run/${encodeURIComponent(one.id)}`, text: one.id });
}

const stateOf = (one) => (one.position ? `queued, number ${one.position}` : one.state);

function told(problem) {
  const line = problem.line ? `line ${problem.line}: ` : "";
  const hint = problem.hint ? ` (${problem.hint})` : "";
  return make("li", { class: problem.severity, text: `${line}${problem.place ? `${problem.place}: ` : ""}${problem.message}${hint}` });
}
