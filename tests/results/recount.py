"""Counts what a run's page draws, straight from plan.json and events.jsonl: no code of monerosim's, no SQL.

Each chart's rows are made anew, all their numbers; :func:`differences` compares them with those of a page.
"""

import json
import math
from collections import Counter, defaultdict

NOT_COUNTED = {"resources"}  # is of real time and memory, in no event


def recount(directory):
    """Return the rows of each chart, without their run."""
    return Recount(directory).charts()


def differences(shown, counted):
    """Return where the rows of charts differ; shown are those of a page's numbers."""
    found = [f"{name}: is not counted" for name in shown.keys() - counted.keys() - NOT_COUNTED]
    for name in shown.keys() & counted.keys():
        one = [{key: value for key, value in row.items() if key != "run"} for row in shown[name]["rows"]]
        other = counted[name]
        if len(one) != len(other):
            found.append(f"{name}: {len(one)} rows, {len(other)} counted")
            continue
        for row, expected in zip(sorted(one, key=_order), sorted(other, key=_order), strict=True):
            wrong = [key for key in row.keys() | expected.keys() if not _same(row.get(key), expected.get(key))]
            found += [f"{name}: {key} of {row} should be {expected.get(key)}" for key in wrong]
    return found


def _order(row):
    texts = sorted((key, value) for key, value in row.items() if isinstance(value, str))
    return texts, [f"{value:.6e}" for _, value in sorted(row.items()) if isinstance(value, int | float)]


def _same(one, other):
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-9)
    return one == other


def quantile(values, share):
    """Return a quantile with linear interpolation between the ordered values."""
    ordered, place = sorted(values), share * (len(values) - 1)
    low = math.floor(place)
    return ordered[low] + (ordered[math.ceil(place)] - ordered[low]) * (place - low)


class Recount:
    def __init__(self, directory):
        self.plan = json.loads((directory / "plan.json").read_text())
        self.told = defaultdict(list)
        for line in (directory / "events.jsonl").read_text().splitlines():
            event = json.loads(line)
            self.told[event["data"]["event"]].append((event, event["data"]))
        self.hosts = self.plan["hosts"]
        self.nodes = [host["name"] for host in self.hosts if host.get("node")]
        funders = {host["name"] for host in self.hosts if any(it.get("role") == "funder" for it in host["actors"])}
        every = {data["txid"]: (event, data) for event, data in self.told["payment-sent"]}
        self.sent = {txid: it for txid, it in every.items() if it[0]["participant"] not in funders}
        self.senders = {txid: event["participant"] for txid, (event, _) in every.items()}
        self.mined = {}
        for kind in ("payment-mined", "payment-remined"):
            for event, data in self.told[kind]:
                self.mined[data["txid"]] = min(self.mined.get(data["txid"], math.inf), event["t"])
        self.waits = {
            txid: (self.mined[txid] - event["t"]) / 6e7 for txid, (event, _) in self.sent.items() if txid in self.mined
        }
        self.blocks = self._blocks()
        main = [(it["height"], it["t"], hash_) for hash_, it in self.blocks.items() if it["main"] and it["t"] >= 0]
        self.main = [(height, t / 1e6, self.blocks[hash_]) for height, t, hash_ in sorted(main)]

    def charts(self):
        """Return all charts' rows by name."""
        names = [name for name in dir(self) if name.startswith("draw_")]
        return {name.removeprefix("draw_").replace("_", "-"): list(getattr(self, name)()) for name in names}

    def _blocks(self):
        blocks = {}
        for _, data in self.told["block-spread"]:
            blocks.setdefault(
                data["hash"], {"t": data["first"], "miner": None, "txs": None, "weight": None} | _height(data)
            )
        for event, data in self.told["block-found"]:
            blocks.setdefault(data["hash"], {"weight": None} | _height(data))
            blocks[data["hash"]] |= {"t": event["t"], "miner": data["miner"], "txs": data["transactions"]}
        for event, data in self.told["block-contents"]:
            block = blocks.setdefault(data["hash"], {"miner": None, "weight": None} | _height(data))
            block |= {"t": event["t"], "miner": data["miner"] or block["miner"], "txs": len(data["transactions"])}
            block["weight"] = data["weight"] or block["weight"]
        stale = {data["hash"]: (event, data) for event, data in self.told["block-stale"]}
        for block, (event, data) in stale.items():
            blocks.setdefault(
                block, {"t": event["t"], "miner": data["miner"], "txs": None, "weight": None} | _height(data)
            )
        heights, ended = Counter(it["height"] for it in blocks.values()), bool(self.told["node-closed"])
        for block, it in blocks.items():
            it["main"] = block not in stale if ended or heights[it["height"]] == 1 else None
        return blocks

    def draw_miners(self):
        rates = {host["name"]: sum(actor.get("hashrate", 0) for actor in host["actors"]) for host in self.hosts}
        found = Counter(it["miner"] for _, _, it in self.main if it["miner"])
        n = sum(found[name] for name, rate in rates.items() if rate)
        for name, rate in rates.items() if n else ():
            if rate:
                share, z = found[name] / n, 1.96
                half = z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
                ends = [(share + z**2 / (2 * n) + sign * half) / (1 + z**2 / n) for sign in (-1, 1)]
                row = {"miner": name, "expected": rate / sum(rates.values()), "blocks": found[name], "n": n}
                yield row | {"share": share, "low": ends[0], "high": ends[1]}

    def draw_block_intervals(self):
        times = [t for _, t, _ in self.main]
        gaps = [t - before for before, t in zip([0, *times], times, strict=False)]
        if not gaps:
            return
        mean = sum(gaps) / len(gaps)
        width = max(1, math.floor(mean / 20 + 0.5) * 5)
        for place, blocks in Counter(math.floor(gap / width) for gap in gaps).items():
            since, until = place * width, (place + 1) * width
            expected = len(gaps) * (math.exp(-since / mean) - math.exp(-until / mean))
            yield {"since": since, "until": until, "blocks": blocks, "expected": expected}

    def draw_block_fill(self):
        for height, t, it in self.main:
            if it["txs"] is not None:
                yield {"minute": t / 60, "height": height, "transactions": it["txs"]}

    def draw_block_weight(self):
        for height, t, it in self.main:
            if it["weight"] is not None:
                yield {"minute": t / 60, "height": height, "weight": it["weight"] / 1e3}

    def draw_txpool(self):
        looks = defaultdict(list)
        for event, data in self.told["txpool-recorded"]:
            if event["t"] >= 0:
                looks[event["t"]].append(data["transactions"])
        for t, seen in looks.items():
            row = {"minute": t / 6e7, "transactions": sum(seen) / len(seen), "least": min(seen)}
            yield row | {"most": max(seen), "nodes": len(seen)}

    def draw_payments(self):
        states = (
            "sent",
            "mined",
            "confirmed",
            "reorged",
            "remined",
            "overdue",
            "vanished",
            "failed",
            "seen",
            "received",
        )
        told = [(event, data, state) for state in states for event, data in self.told[f"payment-{state}"]]
        told = [it for it in told if it[1].get("txid")]
        if not told:
            return
        times = [event["t"] for event, _, _ in told]
        minutes = max(1, math.ceil((max(times) - max(0, min(times))) / 6e7 / 12))
        own = [
            (event["t"], state)
            for event, data, state in told
            if data["txid"] in self.sent and event["participant"] == self.senders[data["txid"]] and state != "remined"
        ]
        own += [(event["t"], "delayed") for event, _ in self.told["payment-delayed"]]
        counted = Counter((math.floor(t / 6e7 / minutes), state) for t, state in own)
        spans = [span for span, _ in counted]
        for state in {state for _, state in own}:
            for span in range(min(spans), max(spans) + 1):
                yield {"minute": span * minutes, "state": state, "payments": counted[span, state]}

    def draw_confirmation(self):
        confirmed = {data["txid"]: event["t"] for event, data in self.told["payment-confirmed"]}
        waits = sorted((confirmed[it] - self.sent[it][0]["t"]) / 6e7 for it in confirmed if it in self.sent)
        shares, n = {}, len(self.sent)
        for k, minutes in enumerate(waits, 1):
            if k % max(1, n // 200) == 0 or k == 1:
                shares[minutes] = k / n
        for minutes, share in shares.items():
            band = math.sqrt(math.log(40) / (2 * n))
            yield {"minutes": minutes, "share": share, "low": max(0, share - band), "high": min(1, share + band)}

    def draw_waits(self):
        times = [event["t"] for event, _ in self.sent.values()]
        spans = defaultdict(list)
        for txid, minutes in self.waits.items():
            width = max(1, math.ceil((max(times) - min(times)) / 6e7 / 12))
            spans[math.floor(self.sent[txid][0]["t"] / 6e7 / width) * width].append(minutes)
        for minute, waited in spans.items():
            yield {"minute": minute, "measure": "mean", "waited": sum(waited) / len(waited)}
            yield {"minute": minute, "measure": "longest", "waited": max(waited)}

    def draw_fee_waits(self):
        fees = {txid: data["fee"] for txid, (_, data) in self.sent.items() if data["fee"] > 0}
        classes = defaultdict(list)
        for txid, fee in fees.items():
            classes[math.floor(math.log(fee / min(fees.values()), 4) + 1e-9)].append(txid)
        for place, txids in classes.items():
            waited = [self.waits[txid] for txid in txids if txid in self.waits]
            ends = [min(fees.values()) * 4**it / 1e9 for it in (place, place + 1)]
            row = {
                "class": place,
                "fee": f"{ends[0]:.3g} to {ends[1]:.3g}",
                "mined": len(waited),
                "payments": len(txids),
            }
            if waited:
                row |= {"low": quantile(waited, 0.25), "middle": quantile(waited, 0.5), "high": quantile(waited, 0.75)}
                yield row | {"longest": max(waited)}

    def draw_fees(self):
        fees = Counter(math.floor(data["fee"] / 1e6 + 0.5) / 1e3 for _, data in self.sent.values())
        yield from ({"fee": fee, "payments": count} for fee, count in sorted(fees.items())[:500])

    def _delays(self, kind):
        """Return when each node had each item of the scenario's own time, seconds after the first that was recorded."""
        sampled = set(self.plan.get("record", {}).get("sampled", ()))
        recorded = [node for node in self.nodes if not sampled or node in sampled]
        had = defaultdict(list)
        for _, data in self.told[f"{kind}-spread"]:
            for node, delay in zip(recorded, data.get("delays", ()), strict=False):
                if delay >= 0:
                    had[data["txid" if kind == "transaction" else "hash"]].append((data["first"] + delay, node))
        for times in had.values():
            first = min(times)[0]
            if first >= 0:
                yield from ((node, (t - first) / 1e6) for t, node in times)

    def draw_propagation(self):
        for kind in ("block", "transaction"):
            delays = sorted(delay for _, delay in self._delays(kind))
            for step in range(201 if delays else 0):
                yield {"kind": kind, "seconds": quantile(delays, step / 200), "share": step / 200}

    def draw_slowest_nodes(self):
        by_node = defaultdict(list)
        for node, delay in self._delays("block"):
            by_node[node].append(delay)
        for node in sorted(by_node, key=lambda it: (-quantile(by_node[it], 0.5), it))[:10]:
            delays = by_node[node]
            row = {"node": node, "seconds": quantile(delays, 0.5), "blocks": len(delays)}
            yield row | {"low": quantile(delays, 0.25), "high": quantile(delays, 0.75)}

    def draw_balances(self):
        groups = {host["name"]: host["group"] for host in self.hosts}
        held, found = Counter(), defaultdict(list)
        for event, data in self.told["wallet-closed"]:
            held[event["participant"]] += data["balance"]
        for name, balance in held.items():
            found[groups[name]].append(balance / 1e12)
        for group, own in found.items():
            row = {"group": group, "participants": len(own), "least": min(own), "most": max(own)}
            yield row | {"low": quantile(own, 0.25), "middle": quantile(own, 0.5), "high": quantile(own, 0.75)}

    def _connections(self):
        """Return connections as node, peer, and when they opened and closed; None where they did not."""
        standing, ended = defaultdict(list), []
        for kind in ("peer-connected", "peer-disconnected"):
            for event, data in self.told[kind]:
                standing[event["participant"], data["peer"]].append((event["t"], kind == "peer-connected"))
        for pair, changes in standing.items():
            opened = []
            for t, up in sorted(changes, key=lambda it: it[0]):
                if up:
                    opened.append(t)
                else:
                    ended.append((pair, opened.pop(0) if opened else None, t))
            ended += [(pair, t, None) for t in opened]
        return ended

    def draw_degrees(self):
        stand = [it for it in self._connections() if (it[1] or 0) <= 0 and (it[2] is None or it[2] > 0)]
        dialled, was = Counter(pair[0] for pair, *_ in stand), Counter(pair[1] for pair, *_ in stand)
        for direction, degrees in (("dialled", dialled), ("was dialled", was)):
            for count, nodes in Counter(degrees[node] for node in self.nodes).items() if stand else ():
                yield {"direction": direction, "connections": count, "nodes": nodes}

    def draw_durations(self):
        lasted = sorted((shut - opened) / 6e7 for _, opened, shut in self._connections() if None not in (opened, shut))
        shares = {}
        for k, minutes in enumerate(lasted, 1):
            if k % max(1, len(lasted) // 200) == 0 or k == 1:
                shares[minutes] = k / len(lasted)
        yield from ({"minutes": minutes, "share": share} for minutes, share in shares.items())

    def draw_stems(self):
        stems = [data for _, data in self.told["transaction-stem"]]
        lengths = {it["txid"]: [hop for hop, t in enumerate(it["since"]) if t >= 0] for it in stems}
        counts = Counter(max(hops) for hops in lengths.values() if hops)
        yield from ({"hops": hops, "transactions": count} for hops, count in counts.items())

    def _relays(self):
        """Return the messages with transactions: item, kind, time, sender, receiver and how many came together."""
        for _, data in self.told["item-relayed"]:
            if data["kind"] in ("stem", "fluff", "embargo"):
                sizes = data.get("messages") or [1] * len(data["delays"])
                for delay, one, other, size in zip(
                    data["delays"], data["senders"], data["receivers"], sizes, strict=True
                ):
                    ends = data["nodes"][one], data["nodes"][other]
                    yield data["item"], data["kind"], data["first"] + delay, *ends, size

    def draw_clumps(self):
        messages, sizes = Counter(tuple(key) for _, *key in self._relays() if key[1] >= 0), Counter()
        for (*_, size), items in messages.items():
            sizes[min(size, 11)] += math.ceil(items / size)
        yield from ({"transactions": size, "messages": count} for size, count in sizes.items())

    def draw_first_tellers(self):
        spies = {
            h["name"] for h in self.hosts if h.get("node") and any(a["name"].startswith("spy") for a in h["actors"])
        }
        first = {}
        for item, _, t, sender, receiver, _ in self._relays():
            if receiver in spies and sender not in spies:
                first[item] = min(first.get(item, (t, sender)), (t, sender), key=lambda it: it[0])
        stems = {data["txid"]: data["nodes"] for _, data in self.told["transaction-stem"]}
        places = Counter()
        for txid, (t, teller) in first.items():
            if t >= 0:
                way = stems.get(txid, [])
                places[str(way.index(teller)) if teller in way else "off it"] += 1
        for hop, count in places.items():
            yield {"hop": hop, "transactions": count, "share": count / places.total()}

    def draw_reorganisations(self):
        depths = Counter(data["depth"] for _, data in self.told["reorganised"])
        yield from ({"depth": depth, "reorganisations": count} for depth, count in depths.items())

    def draw_forks(self):
        main = Counter(it["height"] for it in self.blocks.values() if it["main"])
        stale = [it for it in self.blocks.values() if it["main"] is False and it["miner"]]
        losers = Counter()
        for it in stale:
            losers[it["miner"]] += max(1, main[it["height"]])
        yield from ({"miner": miner, "blocks": count} for miner, count in losers.items())

    def draw_orders(self):
        last = {data["order"]: "placed" for _, data in self.told["order-placed"]}
        last |= {data["order"]: data["state"] for _, data in self.told["order-changed"] if data["order"] in last}
        yield from ({"state": state, "orders": count} for state, count in Counter(last.values()).items())

    def draw_faults(self):
        kinds = ("actor-failed", "actor-restarted", "actor-given-up", "agent-unresponsive", "bootstrap-failed")
        kinds += ("command-failed", "line-corrupted", "process-died", "process-given-up", "process-hung")
        for kind in (*kinds, "process-restarted", "run-ended", "alert-raised"):
            for event, data in self.told[kind]:
                reason = data.get("error") or data.get("reason")
                row = {"minute": event["t"] / 6e7, "what": kind, "participant": event["participant"]}
                yield row | {"reason": reason if reason is not None else f"restarts: {data['restarts']}"}


def _height(data):
    return {"height": data["height"]}
