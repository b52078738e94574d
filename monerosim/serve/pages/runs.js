// All runs.

import { get } from "./api.js";
import { clock, make, notify, refill, row, table } from "./dom.js";

const LOOK = 2000;

export async function showRuns(page) {
  const list = make("div", { class: "scroll" });
  page.append(make("h1", { text: "Runs" }), list);
  const draw = async () => {
    const runs = await get("/api/runs");
    const rows = runs.map((run) => {
      const link = make("a", { href: `#/run/${encodeURIComponent(run.id)}`, text: run.id });
      return row(link, run.state, run.name, run.engine, run.seed, run.participants, run.duration ? clock(run.duration) : "");
    });
    const headings = ["run", "state", "scenario", "engine", "seed", "participants", "duration"];
    refill(list, rows.length ? table(headings, rows) : make("p", { class: "absent", text: "There are no runs yet." }));
  };
  await draw();
  const timer = setInterval(() => {
    if (!document.hidden) draw().then(() => notify(""), (error) => notify(error.message));
  }, LOOK);
  return () => clearInterval(timer);
}
