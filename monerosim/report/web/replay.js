// The replay of a run: a time, the nodes that have an item at that time, and the sentence that explains it.
// It stands alone, so that a report can have it in its page. Times are whole milliseconds.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 1000, HEIGHT = 620, MARGIN = 40;
const HEIGHTS = 9;
const MOST_NAMED = 30;
const ATOMIC = 1e12;
const STEM_ENDS = {
  fluff: "its last node is in a fluff epoch",
  "no-stem": "its last node has no connection for stems",
  loop: "it came back to a node that had passed it on",
  embargo: "it got lost, and an embargo ended",
};

function make(name, attributes = {}, parent = null) {
  const drawn = ["svg", "g", "line", "circle", "rect", "text", "title"].includes(name);
  const element = drawn ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "text") element.textContent = value;
    else element.setAttribute(key, value);
  }
  if (parent) parent.append(element);
  return element;
}

export function clock(ms) {
  const whole = Math.abs(ms), pad = (number, digits) => String(number).padStart(digits, "0");
  const hours = Math.floor(whole / 3600000), minutes = Math.floor(whole / 60000) % 60;
  return `${ms < 0 ? "-" : ""}${hours}:${pad(minutes, 2)}:${pad(Math.floor(whole / 1000) % 60, 2)}.${pad(whole % 1000, 3)}`;
}

const seconds = (ms) => `${(ms / 1000).toFixed(3)} s`;
const nodesOf = (count) => `${count} node${count === 1 ? "" : "s"}`;
const last = (item) => item.first + Math.max(0, ...item.after);
export const has = (item, node, t) => item.after[node] >= 0 && item.first + item.after[node] <= t;

// Which blocks nodes have as their tips at a time, and which of those are rivals.
export class Chain {
  constructor(items) {
    this.blocks = items.filter((item) => item.kind === "block");
    this.byId = new Map(this.blocks.map((block) => [block.id, block]));
  }

  seenBy(t) {
    let low = 0, high = this.blocks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.blocks[middle].first <= t) low = middle + 1;
      else high = middle;
    }
    return this.blocks.slice(Math.max(0, low - 40), low);
  }

  // The blocks that are tips, each with its nodes: most work, and of equals the one that came first, as monerod has it.
  tips(t, nodes) {
    const seen = this.seenBy(t), found = new Map();
    for (let node = 0; node < nodes; node += 1) {
      let best = null;
      for (const block of seen) {
        if (!has(block, node, t)) continue;
        const sooner = best && block.work === best.work && block.first + block.after[node] < best.first + best.after[node];
        if (!best || block.work > best.work || sooner) best = block;
      }
      if (best) found.set(best, [...(found.get(best) ?? []), node]);
    }
    return found;
  }

  isAncestor(old, block) {
    let at = block;
    while (at && at.height > old.height) at = this.byId.get(at.previous);
    return at === old;
  }

  // Tips that are no ancestor of another one, with the nodes on their branches; the branch of most nodes first.
  branches(t, nodes) {
    const tips = [...this.tips(t, nodes)];
    const ends = tips.filter(([one]) => !tips.some(([other]) => other !== one && this.isAncestor(one, other)));
    const branches = ends.map(([tip, own]) => ({ tip, nodes: [...own] }));
    for (const [old, own] of tips.filter(([tip]) => !ends.some(([end]) => end === tip))) {
      branches.find((branch) => this.isAncestor(old, branch.tip))?.nodes.push(...own);
    }
    return branches.sort((one, other) => other.nodes.length - one.nodes.length);
  }

  siblings(block, t) {
    return this.seenBy(t).filter((other) => other.height === block.height && other !== block);
  }
}

export function explain(data, chain, item, t) {
  if (!item) return "Nothing has happened yet.";
  const have = data.nodes.filter((_, node) => has(item, node, t)).length;
  const after = `after ${seconds(t - item.first)}`;
  const reached = have === data.nodes.length ? `all ${have} nodes have it` : `${have} of ${nodesOf(data.nodes.length)} have it`;
  return item.kind === "block" ? explainBlock(data, chain, item, t, reached, after) : explainPayment(item, t, have, reached, after);
}

function explainBlock(data, chain, item, t, reached, after) {
  const told = [`Block ${item.height}${item.by ? ` by ${item.by}` : ""} (${item.id.slice(0, 8)}), found at ${clock(item.first)}: ${reached} ${after}.`];
  const branches = chain.branches(t, data.nodes.length), parent = chain.byId.get(item.previous);
  if (branches.length > 1) {
    const sides = branches.map(({ tip, nodes }) => `${nodesOf(nodes.length)} on block ${tip.height} by ${tip.by} (${tip.id.slice(0, 8)})`);
    told.push(`A fork is open: ${sides.join(", ")}.`);
  } else if (parent && chain.siblings(parent, t).length) {
    const left = chain.siblings(parent, t).map((other) => `${other.by}'s (${other.id.slice(0, 8)})`);
    told.push(`It closes the fork at height ${parent.height}: ${left.join(", ")} is left behind.`);
  }
  return told.join(" ");
}

function explainPayment(item, t, have, reached, after) {
  const amount = item.amount ? ` of ${(item.amount / ATOMIC).toFixed(3)} XMR` : "";
  const begun = `A payment${amount}${item.by ? ` by ${item.by}` : ""} (${item.id.slice(0, 8)}), sent at ${clock(item.first)}`;
  const stem = (item.stem ?? []).filter(([, since]) => since <= t);
  if (stem.length && stem.length < item.stem.length) {
    return `${begun}, is in its stem phase: ${nodesOf(have)} passed it on, one to the next, ${after}.`;
  }
  const ended = stem.length ? ` Its stem phase of ${nodesOf(stem.length)} is over: ${STEM_ENDS[item.end] ?? "a log does not tell why"}.` : "";
  return `${begun}: ${reached} ${after}.${ended}`;
}

export class Replay {
  constructor(root, data) {
    this.root = root;
    this.data = data;
    this.chain = new Chain(data.items);
    this.shown = { block: true, transaction: true };
    this.item = null;
    this.t = data.begin;
    this.playing = null;
    this.build();
    const first = data.items.findIndex((item) => item.first >= 0);
    this.choose(first < 0 ? data.items.length - 1 : first);
  }

  build() {
    const { root, data } = this;
    root.classList.add("replay");
    root.tabIndex = 0;
    root.setAttribute("role", "group");
    root.setAttribute("aria-label", "replay: Space plays, arrows move in time, N and P go to the next item and the previous one");
    root.replaceChildren();
    const controls = make("div", { class: "controls" }, root);
    const button = (name, label, act) => {
      const made = make("button", { type: "button", class: name, text: label }, controls);
      made.addEventListener("click", act);
      return made;
    };
    button("previous", "Previous", () => this.step(-1));
    this.play = button("play", "Play", () => this.toggle());
    button("next", "Next", () => this.step(1));
    this.pace = make("select", { "aria-label": "how long an item takes" }, controls);
    for (const [value, text] of [[12, "12 s each"], [4, "4 s each"], [1, "1 s each"]]) {
      make("option", { value, text, ...(value === 4 ? { selected: "" } : {}) }, this.pace);
    }
    for (const [kind, text] of [["block", "blocks"], ["transaction", "payments"]]) {
      const label = make("label", {}, controls);
      const box = make("input", { type: "checkbox", class: kind, checked: "" }, label);
      label.append(` ${text}`);
      box.addEventListener("change", () => { this.shown[kind] = box.checked; });
    }
    const times = make("div", { class: "times" }, root);
    const range = (name, label, act) => {
      make("label", { for: `replay-${name}`, text: label }, times);
      const made = make("input", { type: "range", id: `replay-${name}`, class: name, step: 1 }, times);
      const shown = make("output", {}, times);
      made.addEventListener("input", () => act(Number(made.value)));
      return [made, shown];
    };
    [this.whole, this.wholeTime] = range("run", "run", (t) => this.moveTo(t));
    [this.part, this.partTime] = range("item", "item", (t) => this.show(t));
    [this.whole.min, this.whole.max] = [data.begin, data.end];
    this.told = make("p", { class: "told", "aria-live": "polite" }, root);
    this.buildNetwork();
    this.tree = make("svg", { viewBox: `0 0 ${WIDTH} 150`, role: "img", "aria-label": "the newest blocks" }, root);
    root.addEventListener("keydown", (event) => this.key(event));
  }

  buildNetwork() {
    const { root, data } = this;
    const picture = make("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": "the network" }, root);
    const at = data.nodes.map((node) => [MARGIN + node.x * (WIDTH - 2 * MARGIN), MARGIN + node.y * (HEIGHT - 2 * MARGIN)]);
    this.links = data.links.map((link) => {
      const [[x1, y1], [x2, y2]] = [at[link.one], at[link.other]];
      return make("line", { x1, y1, x2, y2, class: "link" }, picture);
    });
    const radius = data.nodes.length > 60 ? 6 : 9;
    this.nodes = data.nodes.map((node, place) => {
      const circle = make("circle", { cx: at[place][0], cy: at[place][1], r: radius, class: "node", "data-name": node.name }, picture);
      make("title", { text: node.name }, circle);
      if (data.nodes.length <= MOST_NAMED) make("text", { x: at[place][0] + radius + 4, y: at[place][1] - radius, text: node.name }, picture);
      return circle;
    });
    const key = make("div", { class: "key" }, root);
    for (const [name, text] of [["", "has it not"], ["has", "has it"], ["stem", "got it in its stem phase"], ["branch", "on another branch"]]) {
      const entry = make("span", {}, key);
      make("i", { class: name }, entry);
      entry.append(text);
    }
    if (data.left_out) make("span", { text: `${data.left_out} later items are left out` }, key);
  }

  key(event) {
    if (event.target.matches("input, select, button") || event.ctrlKey || event.metaKey || event.altKey) return;
    const acts = {
      " ": () => this.toggle(), n: () => this.step(1), p: () => this.step(-1),
      ArrowRight: () => this.nudge(1), ArrowLeft: () => this.nudge(-1),
    };
    if (!(event.key in acts)) return;
    event.preventDefault();
    acts[event.key]();
  }

  nudge(direction) {
    if (this.item) this.show(Math.min(last(this.item), Math.max(this.item.first, this.t + direction * Math.ceil(this.span() / 40))));
  }

  span() {
    return Math.max(1, last(this.item) - this.item.first);
  }

  choose(index) {
    this.index = index;
    this.item = this.data.items[index] ?? null;
    if (this.item) [this.part.min, this.part.max] = [this.item.first, last(this.item)];
    this.part.disabled = !this.item;
    this.show(this.item ? this.item.first : this.t);
  }

  step(direction) {
    const { items } = this.data;
    let index = this.index + direction;
    while (items[index] && !this.shown[items[index].kind]) index += direction;
    if (items[index]) this.choose(index);
    else this.stop();
  }

  // The newest item at a time.
  moveTo(t) {
    let index = -1;
    this.data.items.forEach((item, place) => { if (item.first <= t && this.shown[item.kind]) index = place; });
    this.choose(index);
    this.show(t);
  }

  toggle() {
    if (this.playing) { this.stop(); return; }
    if (!this.item) this.step(1);
    this.play.textContent = "Pause";
    let before = performance.now();
    const frame = (now) => {
      if (!this.playing) return;
      const passed = ((now - before) / 1000 / Number(this.pace.value)) * this.span();
      if (this.t >= last(this.item)) this.step(1);
      else if (passed >= 1) this.show(Math.min(last(this.item), Math.round(this.t + passed)));
      if (passed >= 1 || this.t === this.item.first) before = now;
      if (this.playing) this.playing = requestAnimationFrame(frame);
    };
    this.playing = requestAnimationFrame(frame);
  }

  stop() {
    cancelAnimationFrame(this.playing);
    this.playing = null;
    this.play.textContent = "Play";
  }

  show(t) {
    this.t = t;
    const { item, data } = this, branches = this.chain.branches(t, data.nodes.length);
    const stem = new Set((item?.stem ?? []).filter(([, since]) => since <= t).map(([node]) => node));
    const aside = new Set(branches.slice(1).flatMap((branch) => branch.nodes));
    this.nodes.forEach((circle, node) => {
      circle.classList.toggle("has", Boolean(item) && has(item, node, t));
      circle.classList.toggle("stem", stem.has(node));
      circle.classList.toggle("branch", aside.has(node));
    });
    this.links.forEach((line, place) => {
      const { since, until } = data.links[place];
      line.style.display = since <= t && (until === null || t < until) ? "" : "none";
    });
    this.whole.value = t;
    this.part.value = t;
    this.wholeTime.textContent = clock(t);
    this.partTime.textContent = item ? `+${seconds(t - item.first)}` : "";
    this.told.textContent = explain(data, this.chain, item, t);
    this.root.dataset.t = t;
    this.drawTree(t, branches);
  }

  drawTree(t, branches) {
    const top = Math.max(...branches.map((branch) => branch.tip.height));
    const drawn = branches.length ? this.chain.seenBy(t).filter((block) => block.height > top - HEIGHTS) : [];
    drawBlocks(this.tree, drawn, top, (block) => {
      const main = this.chain.isAncestor(block, branches[0].tip);
      const open = !main && branches.slice(1).some((branch) => this.chain.isAncestor(block, branch.tip));
      return [main && "main", open && "branch", block === this.item && "now"].filter(Boolean).join(" ");
    });
  }
}

// Draw blocks by height, each below those of the same height that were found before it.
export function drawBlocks(tree, blocks, top, classOf) {
  const step = WIDTH / HEIGHTS, places = new Map();
  tree.replaceChildren();
  for (const block of blocks) {
    const row = blocks.filter((other) => other.height === block.height && other.first < block.first).length;
    places.set(block.id, [(block.height - top + HEIGHTS - 1) * step + 6, 12 + Math.min(row, 2) * 46]);
  }
  for (const block of blocks) {
    const [x, y] = places.get(block.id), from = places.get(block.previous);
    if (from) make("line", { x1: from[0] + step - 22, y1: from[1] + 18, x2: x, y2: y + 18, class: "parent" }, tree);
    make("rect", { x, y, width: step - 22, height: 36, rx: 4, class: `block ${classOf(block)}`, "data-hash": block.id }, tree);
    make("text", { x: x + 5, y: y + 15, text: block.height }, tree);
    make("text", { x: x + 5, y: y + 30, text: block.by.slice(0, 11) }, tree);
  }
}

export function mount(root, data) {
  if (data.absent) {
    root.replaceChildren(make("p", { class: "absent", text: data.absent }));
    return null;
  }
  return new Replay(root, data);
}
