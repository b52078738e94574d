// One run while it is played: how far it is, its clock, its chain, payments, propagation, txpools and events.

import { follow, get, hasToken, of, post } from "./api.js";
import { chart } from "./chart.js";
import { clock, make, notify, number, row, table } from "./dom.js";
import { RunModel } from "./model.js";
import { Feed } from "./feed.js";
import { drawBlocks } from "/shared/replay.js";

const LOOK = 1000;
const SPEEDS = ["1x", "10x", "60x", "600x", "max"];
const HEIGHTS = 9;
const MOST_ALERTS = 10;

export async function showLive(page, run) {
  const status = await get(of(run, "/api/status"));
  const model = new RunModel(), view = new LiveView(page, run, status);
  let changed = true;
  const stop = follow(run, (event) => {
    model.take(event);
    view.feed.take(event);
    changed = true;
  }, () => view.look());
  const draw = () => {
    if (document.hidden || !changed) return;
    changed = false;
    view.draw(model);
  };
  await view.look();
  const timers = [setInterval(draw, 250), setInterval(() => document.hidden || view.look(), LOOK)];
  return () => { timers.forEach(clearInterval); stop(); view.feed.leave(); };
}

class LiveView {
  constructor(page, run, status) {
    this.run = run;
    this.begin = 0;
    this.status = status;
    this.head = make("h1", {}, `${status.name} `, make("small", { text: `${status.engine}, seed ${status.seed}, ${status.participants} participants` }));
    this.progress = make("progress", { max: status.end - status.begin, "aria-label": "progress" });
    this.told = make("p", { class: "facts", id: "told" });
    this.alerts = make("ul", { class: "problems", id: "alerts", "aria-live": "polite", "aria-label": "alerts" });
    this.tiles = make("ul", { class: "tiles" });
    this.chain = make("figure", { class: "chain" }, make("h3", { text: "The newest blocks, and their branches" }));
    this.tree = make("svg", { viewBox: "0 0 1000 150", role: "img", "aria-label": "the newest blocks" });
    this.stale = make("p", { class: "facts", id: "stale" });
    this.chain.append(this.tree, this.stale);
    this.panels = make("div", { class: "panels" });
    this.feed = new Feed(run);
    page.append(this.head, this.progress, this.told, this.controls(), this.alerts, this.tiles, this.chain, this.panels, this.feed.element);
  }

  controls() {
    const button = (text, command, args = {}) => make("button", { type: "button", text, onclick: () => this.ask(command, args) });
    this.pause = make("button", { type: "button", id: "pause", text: "Pause", onclick: () => this.ask(this.paused ? "resume" : "pause") });
    this.speed = make("select", { "aria-label": "speed", id: "speed", onchange: () => this.ask("speed", { factor: this.speed.value }) },
      ...SPEEDS.map((text) => make("option", { value: text, text })));
    this.until = make("input", { "aria-label": "play until", id: "until", placeholder: "1h 30m" });
    const steps = ["event", "block", "minute"].map((by) => button(`Step: ${by}`, "step", { by }));
    const form = make("form", { class: "bar", onsubmit: (event) => { event.preventDefault(); this.ask("until", { time: this.until.value }); } },
      this.until, make("button", { text: "Play until" }));
    this.why = make("span", { class: "facts", id: "why" });
    this.bar = make("fieldset", { class: "bar", disabled: true, "aria-label": "the run's clock" }, this.pause, this.speed, ...steps, form, this.why);
    return this.bar;
  }

  async ask(command, args) {
    try {
      const sent = await post(of(this.run, "/api/control"), { command, arguments: args });
      notify(sent.answer && !sent.answer.ok ? sent.answer.text : "");
    } catch (error) {
      notify(error.message);
    }
    this.look();
  }

  // How far the run is, and whether its clock can be told anything.
  async look() {
    try {
      const [status, control] = await Promise.all([get(of(this.run, "/api/status")), get(of(this.run, "/api/control"))]);
      const state = control.state, now = state && status.playing ? state.t : status.t;
      this.status = status;
      this.paused = Boolean(state?.paused);
      this.progress.value = now - status.begin;
      const how = !status.playing ? status.state : this.paused ? "paused" : state?.speed ? `plays at ${state.speed}x` : "being played";
      const steered = state?.steered ? `, steered by ${state.steered} command${state.steered > 1 ? "s" : ""}` : "";
      this.told.textContent = `${clock(now)} of ${clock(status.end)}, ${how}${steered}${status.digest ? `, digest ${status.digest.slice(0, 12)}` : ""}`;
      this.pause.textContent = this.paused ? "Resume" : "Pause";
      if (document.activeElement !== this.speed) this.speed.value = state?.speed ? `${state.speed}x` : "max";
      const why = whyNot(status, control);
      this.why.textContent = why;
      this.bar.disabled = Boolean(why);
    } catch (error) {
      notify(error.message);
    }
  }

  draw(model) {
    const { series } = model, end = Math.max(this.status.end, 1);
    const tile = (name, value) => make("li", {}, make("b", { "data-tile": name, text: value }), name);
    this.tiles.replaceChildren(
      tile("height", number(series.height.last)), tile("payments sent", number(series.sent.last)),
      tile("confirmed", number(series.confirmed.last)), tile("failures", number(model.counts.failures)),
      tile("reorganisations", number(model.counts.reorganisations)), tile("events", number(model.counts.events)));
    this.drawAlerts([...model.alerts.values()]);
    this.drawChain(model);
    const line = (name, from, dots = false) => ({ name, points: series[from].points, dots });
    this.panels.replaceChildren(
      chart("Are payments delivered?", 0, end, [line("came due", "due"), line("sent", "sent"), line("mined", "mined"), line("confirmed", "confirmed")]),
      chart("How long until nodes have a block? (s)", 0, end, [line("half of them", "halfBlock", true), line("all", "allBlock", true)]),
      chart("How long until nodes have a payment? (s)", 0, end, [line("half of them", "halfPayment", true), line("all", "allPayment", true)]),
      chart("How full are txpools?", 0, end, [{ name: "transactions", points: series.pool.points.filter(([t]) => t >= 0) }],
        'Txpools are not recorded: set [record] txpool = "sample".'));
  }

  drawAlerts(found) {
    const more = found.length - MOST_ALERTS;
    this.alerts.replaceChildren(...found.slice(0, MOST_ALERTS).map(({ t, alert, participant, item, reason }) =>
      make("li", { class: "error", "data-about": participant, "data-item": item,
        text: [`${alert}, since ${clock(t)}:`, participant, item.slice(0, 12), reason].filter(Boolean).join(" ") })));
    if (more > 0) this.alerts.append(make("li", { text: `and ${number(more)} more` }));
  }

  drawChain(model) {
    const { tip, main } = model.mainChain();
    if (!tip) return;
    const drawn = [...model.blocks.values()].filter((block) => block.height > tip.height - HEIGHTS);
    drawBlocks(this.tree, drawn, tip.height, (block) => (main.has(block.id) ? "main" : "branch"));
    const off = model.blocks.size - main.size;
    this.stale.textContent = `${number(model.blocks.size)} blocks, ${number(off)} of them off the main chain`;
  }
}

// Why the run's clock cannot be told anything; empty if it can.
function whyNot(status, control) {
  if (!status.playing) return "the run is not being played";
  if (status.engine !== "embedded") return `the time of the engine ${status.engine} cannot be slowed`;
  if (!control.controlled) return "the run was started without --control";
  return hasToken() ? "" : "this needs the address with the token that the server printed";
}
