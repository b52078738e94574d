// The newest events, with filters.

import { clock, make, row, table } from "./dom.js";

const KEPT = 2000, SHOWN = 100;

export class Feed {
  constructor() {
    this.events = [];
    this.kind = make("input", { id: "kind", "aria-label": "kind of event", placeholder: "kind", oninput: () => this.draw() });
    this.who = make("input", { id: "who", "aria-label": "participant", placeholder: "participant", oninput: () => this.draw() });
    this.list = make("div", { class: "scroll", id: "feed" });
    this.element = make("section", {}, make("h2", { text: "Events" }),
      make("div", { class: "bar" }, this.kind, this.who, make("span", { class: "facts", text: `of the newest ${KEPT}` })), this.list);
  }

  take(event) {
    this.events.push(event);
    if (this.events.length > KEPT) this.events.shift();
    if (this.due) return;
    this.due = setTimeout(() => { this.due = null; this.draw(); }, 250);
  }

  draw() {
    if (document.hidden) return;
    const kind = this.kind.value.trim(), who = this.who.value.trim();
    const wanted = this.events.filter((event) => event.data.event.includes(kind) && event.participant.includes(who));
    const rows = wanted.slice(-SHOWN).reverse().map((event) => {
      const { event: name, ...fields } = event.data;
      const made = row(clock(event.t), event.participant, event.actor, name, JSON.stringify(fields).slice(0, 300));
      made.lastChild.className = "wide";
      return made;
    });
    this.list.replaceChildren(table(["time", "participant", "actor", "event", ""], rows));
  }
}
