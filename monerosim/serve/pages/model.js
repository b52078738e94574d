// What the events of a run come to: counts, series over time, the newest blocks.

class Series {
  constructor() { this.points = []; }

  add(t, value) {
    const last = this.points[this.points.length - 1];
    if (last && last[0] === t) last[1] = value;
    else this.points.push([t, value]);
  }

  get last() { return this.points.length ? this.points[this.points.length - 1][1] : 0; }

  count(t, by = 1) { this.add(t, this.last + by); }
}

const SERIES = ["height", "due", "sent", "mined", "confirmed", "halfBlock", "allBlock", "halfPayment", "allPayment", "pool"];

export class RunModel {
  constructor() {
    this.series = Object.fromEntries(SERIES.map((name) => [name, new Series()]));
    this.blocks = new Map();
    this.counts = { events: 0, failures: 0, reorganisations: 0 };
    this.pools = new Map();
    // What alerts find at present, the oldest first.
    this.alerts = new Map();
  }

  take(event) {
    const { t, data } = event;
    this.counts.events += 1;
    const kind = data.event;
    if (kind === "block-contents") this.takeBlock(t, data);
    else if (kind.startsWith("payment-") && t >= 0) this.takePayment(t, kind, data);
    else if (kind.endsWith("-spread")) this.takeSpread(kind, data);
    else if (kind === "txpool-recorded") this.takePool(event);
    else if (kind === "actor-failed" || kind === "process-died") this.counts.failures += 1;
    else if (kind === "reorganised") this.counts.reorganisations += 1;
    else if (kind.startsWith("alert-")) this.takeAlert(event, kind);
  }

  takeAlert({ t, participant, data }, kind) {
    const key = [data.alert, participant, data.item].join(" ");
    if (kind === "alert-raised") this.alerts.set(key, { t, participant, ...data });
    else this.alerts.delete(key);
  }

  takeBlock(t, data) {
    const by = data.miner || data.node, work = data.cumulative_difficulty || data.height;
    this.blocks.set(data.hash, { id: data.hash, height: data.height, previous: data.previous, by, first: t, work });
    this.series.height.add(t, Math.max(this.series.height.last, data.height));
  }

  takePayment(t, kind, data) {
    const { due, sent, mined, confirmed } = this.series;
    if (kind === "payment-sent") { due.count(t); sent.count(t); }
    else if (kind === "payment-skipped") due.count(t, data.payments);
    else if (kind === "payment-failed" && !data.txid) due.count(t);
    else if (kind === "payment-mined") mined.count(t);
    else if (kind === "payment-confirmed") confirmed.count(t);
  }

  // How long an item took to half of the nodes and to all: of their delays, or of the quantiles that were recorded.
  takeSpread(kind, data) {
    if (data.first < 0) return;
    const delays = data.delays ? [...data.delays].filter((delay) => delay >= 0).sort((a, b) => a - b) : null;
    const half = delays ? delays[(delays.length - 1) >> 1] : data.quantiles?.[4];
    const all = delays ? delays[delays.length - 1] : data.quantiles?.[9];
    const [one, other] = kind === "block-spread" ? ["halfBlock", "allBlock"] : ["halfPayment", "allPayment"];
    if (half >= 0) this.series[one].points.push([data.first, half / 1e6]);
    if (all >= 0) this.series[other].points.push([data.first, all / 1e6]);
  }

  // The mean of the nodes that are looked at.
  takePool(event) {
    this.pools.set(event.participant, event.data.transactions);
    let sum = 0;
    for (const many of this.pools.values()) sum += many;
    this.series.pool.add(event.t, sum / this.pools.size);
  }

  // The tip with most work, and all its ancestors.
  mainChain() {
    let tip = null;
    for (const block of this.blocks.values()) if (!tip || block.work > tip.work) tip = block;
    const main = new Set();
    for (let at = tip; at; at = this.blocks.get(at.previous)) main.add(at.id);
    return { tip, main };
  }
}
