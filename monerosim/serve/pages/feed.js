// The newest events; with a filter the newest that fit it, from the run's beginning on.

import { follow } from "./api.js";
import { clock, make, row, scroller, table } from "./dom.js";

const KEPT = 2000, STEP = 100;
const PAUSE = 300;

export class Feed {
  constructor(run) {
    this.run = run;
    this.events = [];
    this.fitting = [];
    this.stop = null;
    this.kind = make("input", { id: "kind", "aria-label": "kind of event", placeholder: "kind", oninput: () => this.later() });
    this.who = make("input", { id: "who", "aria-label": "participant", placeholder: "participant", oninput: () => this.later() });
    this.told = make("span", { class: "facts", id: "fitting" });
    this.shown = STEP;
    this.more = make("button", { type: "button", text: "Show older", onclick: () => { this.shown += STEP; this.draw(); } });
    this.list = scroller("feed", "events");
    this.element = make("section", {}, make("h2", { text: "Events" }), make("div", { class: "bar" }, this.kind, this.who, this.told), this.list, this.more);
  }

  take(event) {
    keep(this.events, event);
    if (!this.stop) this.drawSoon();
  }

  later() {
    clearTimeout(this.typing);
    this.typing = setTimeout(() => this.filter(), PAUSE);
  }

  // The server looks through all of the run, and goes on with what is still to come.
  filter() {
    this.leave();
    this.fitting = [];
    this.found = 0;
    this.shown = STEP;
    const query = { kind: pattern(this.kind), participant: pattern(this.who) };
    if (query.kind || query.participant) {
      this.stop = follow(this.run, (event) => {
        this.found += 1;
        keep(this.fitting, event);
        this.drawSoon();
      }, () => {}, query);
    }
    this.draw();
  }

  leave() {
    clearTimeout(this.typing);
    this.stop?.();
    this.stop = null;
  }

  drawSoon() {
    if (this.due) return;
    this.due = setTimeout(() => { this.due = null; this.draw(); }, 250);
  }

  draw() {
    if (document.hidden) return;
    this.told.textContent = this.stop ? `${this.found.toLocaleString("en")} in all` : "";
    const events = this.stop ? this.fitting : this.events;
    this.more.hidden = events.length <= this.shown;
    const rows = events.slice(-this.shown).reverse().map((event) => {
      const { event: name, ...fields } = event.data;
      const made = row(clock(event.t), event.participant, event.actor, name, JSON.stringify(fields).slice(0, 300));
      made.lastChild.className = "wide";
      return made;
    });
    this.list.replaceChildren(table(["time", "participant", "actor", "event", "details"], rows));
  }
}

// What was typed may stand anywhere in a name.
function pattern(input) {
  return input.value.split(",").map((part) => part.trim()).filter(Boolean).map((part) => `*${part}*`).join(",");
}

function keep(events, event) {
  events.push(event);
  if (events.length > KEPT) events.shift();
}
