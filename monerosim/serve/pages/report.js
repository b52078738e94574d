// The report of a run that has ended.

import { get, of } from "./api.js";
import { make } from "./dom.js";

const LOOK = 2000;

export async function showReport(page, run) {
  const told = make("p", { class: "facts", text: "The report is made when the run has ended." });
  page.append(make("h1", { text: "Report" }), told);
  let timer = null;
  const draw = async () => {
    const status = await get(of(run, "/api/status"));
    if (!status.ended) return;
    clearInterval(timer);
    told.replaceWith(make("iframe", { src: of(run, "/api/report"), title: `report of ${status.name}` }));
  };
  timer = setInterval(draw, LOOK);
  await draw();
  return () => clearInterval(timer);
}
