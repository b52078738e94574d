// The charts of the report, of what there is so far; those that are in sight are drawn again now and then.

import { get, of } from "./api.js";
import { make, notify, number } from "./dom.js";

const LOOK = 2000;

export async function showCharts(page, run) {
  const charts = await get("/api/charts");
  page.append(make("h1", { text: "Charts" }), ...sections(charts));
  const seen = new Set();
  const watch = new IntersectionObserver((changes) => changes.forEach((change) => {
    if (change.isIntersecting) seen.add(change.target);
    else seen.delete(change.target);
  }));
  page.querySelectorAll("figure").forEach((figure) => watch.observe(figure));
  let left = false, timer = null;
  const draw = async () => {
    try {
      for (const figure of document.hidden ? [] : [...seen]) {
        if (!left) drawOne(figure, await get(of(run, `/api/charts/${figure.dataset.chart}`)));
      }
    } catch (error) {
      if (!left) notify(error.message);
    }
    if (!left) timer = setTimeout(draw, LOOK);
  };
  timer = setTimeout(draw, 200);
  return () => { left = true; clearTimeout(timer); watch.disconnect(); };
}

function sections(charts) {
  const names = [...new Set(charts.map((chart) => chart.section))];
  return names.flatMap((name) => [
    make("h2", { text: name }),
    make("div", { class: "figures" }, ...charts.filter((chart) => chart.section === name).map(empty)),
  ]);
}

function empty(chart) {
  const caption = make("figcaption", {}, make("h3", { text: chart.title }), make("p", {}, `${chart.note} `, make("span", { class: "n" })));
  return make("figure", { "data-chart": chart.name }, caption, make("div", { class: "drawing", role: "img", "aria-label": chart.title }));
}

function drawOne(figure, chart) {
  figure.querySelector(".n").textContent = `n = ${number(chart.count)} ${chart.of}`;
  const drawing = figure.querySelector(".drawing");
  if (!chart.svg) drawing.replaceChildren(make("p", { class: "absent", text: chart.absent }));
  else drawing.replaceChildren(new DOMParser().parseFromString(chart.svg, "image/svg+xml").documentElement);
}
