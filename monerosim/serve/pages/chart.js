// Line charts of series over the run's time, in the colours of the report.

import { clock, make, number } from "./dom.js";

const WIDTH = 480, HEIGHT = 200, LEFT = 48, BOTTOM = 24, TOP = 8, RIGHT = 8;
const MOST = 400;
export const PALETTE = ["#2f6fb0", "#d9722e", "#3f9a5b", "#8a63b8", "#b9483f", "#7a7a7a"];

// Every so many points are enough where there are more than pixels; the last one is always drawn.
function thinned(points) {
  const step = Math.ceil(points.length / MOST);
  return points.filter((_, place) => place % step === 0 || place === points.length - 1);
}

function nice(most) {
  const power = 10 ** Math.floor(Math.log10(most || 1));
  return [1, 2, 5, 10].map((factor) => factor * power).find((value) => value >= most) ?? 1;
}

// lines: [{ name, points: [[t, value], ...], dots, unit }]; times in microseconds, from begin to end.
export function chart(title, begin, end, lines, absent = "Nothing yet.") {
  const figure = make("figure", { class: "chart" }, make("h3", { text: title }));
  if (!lines.some((line) => line.points.length)) {
    figure.append(make("p", { class: "absent", text: absent }));
    return figure;
  }
  const values = lines.flatMap((line) => line.points.map((point) => point[1]));
  const most = nice(values.reduce((one, other) => Math.max(one, other), 0));
  const x = (t) => LEFT + ((t - begin) / (end - begin)) * (WIDTH - LEFT - RIGHT);
  const y = (value) => HEIGHT - BOTTOM - (value / most) * (HEIGHT - BOTTOM - TOP);
  const svg = make("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": title });
  for (const part of [0, 0.5, 1]) {
    svg.append(make("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(part * most), y2: y(part * most), class: part ? "grid" : "axis" }));
    svg.append(make("text", { x: LEFT - 6, y: y(part * most) + 4, "text-anchor": "end", text: number(part * most) }));
  }
  for (const [part, anchor] of [[0, "start"], [0.5, "middle"], [1, "end"]]) {
    const t = begin + part * (end - begin);
    svg.append(make("text", { x: x(t), y: HEIGHT - 6, "text-anchor": anchor, text: clock(t) }));
  }
  lines.forEach((line, place) => svg.append(...drawLine(line, PALETTE[place], x, y)));
  figure.append(svg, legend(lines));
  return figure;
}

function drawLine(line, colour, x, y) {
  const points = thinned(line.points);
  if (line.dots) return points.map(([t, value]) => make("circle", { cx: x(t), cy: y(value), r: 2.5, fill: colour }));
  let path = "";
  points.forEach(([t, value], place) => {
    path += place ? `H${x(t).toFixed(1)}V${y(value).toFixed(1)}` : `M${x(t).toFixed(1)} ${y(value).toFixed(1)}`;
  });
  return path ? [make("path", { d: path, stroke: colour })] : [];
}

function legend(lines) {
  return make("div", { class: "legend" }, ...lines.map((line, place) => {
    const last = line.points.length ? line.points[line.points.length - 1][1] : 0;
    const shown = line.dots ? `${last.toFixed(3)} s` : number(Math.round(last * 10) / 10);
    const value = make("b", { "data-series": line.name, text: shown });
    return make("span", {}, make("i", { style: `background: ${PALETTE[place]}` }), `${line.name} `, value);
  }));
}
