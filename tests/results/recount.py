"""Counts what a run's page draws, straight from plan.json and events.jsonl: no code of monerosim's, no SQL."""

import json
import math
from collections import Counter, defaultdict


def recount(directory):
    """Return what the charts must show, by their names; each as the set or dict that `drawn` makes of a page's rows."""
    plan = json.loads((directory / "plan.json").read_text())
    events = [json.loads(line) for line in (directory / "events.jsonl").read_text().splitlines()]
    told = defaultdict(list)
    for event in events:
        told[event["data"]["event"]].append((event, event["data"]))
    funders = {host["name"] for host in plan["hosts"] if any(it.get("role") == "funder" for it in host["actors"])}
    stale = {data["hash"] for _, data in told["block-stale"]}
    found = sorted(
        (data["height"], event["t"] / 1e6, data["miner"], data["transactions"])
        for event, data in told["block-found"]
        if data["hash"] not in stale
    )
    sent = {data["txid"]: (event, data) for event, data in told["payment-sent"] if event["participant"] not in funders}
    confirmed = {data["txid"]: event["t"] for event, data in told["payment-confirmed"] if data["txid"] in sent}
    mined = {}
    for kind in ("payment-mined", "payment-remined"):
        for event, data in told[kind]:
            mined[data["txid"]] = min(mined.get(data["txid"], math.inf), event["t"])
    return {
        "miners": _miners(plan, found),
        "block-intervals": sum(1 for _ in found),
        "block-fill": {(height, count) for height, _, _, count in found},
        "payments": _payments(told, sent),
        "confirmation": _confirmation(sent, confirmed),
        "waits": _waits(sent, mined),
        "fees": dict(Counter(round(data["fee"] / 1e6) / 1e3 for _, data in sent.values())),
        "propagation": _propagation(told),
        "balances": _balances(plan, told),
        "degrees": _degrees(plan, told),
        "reorganisations": dict(Counter(data["depth"] for _, data in told["reorganised"])),
        "forks": dict(Counter(data["miner"] for _, data in told["block-stale"])),
        "orders": _orders(told),
    }


def drawn(charts):
    """Return the same of the numbers of a page."""
    rows = {name: chart["rows"] for name, chart in charts.items()}
    spread = defaultdict(list)
    for row in rows["propagation"]:
        spread[row["kind"]].append(row["seconds"])
    return {
        "miners": {row["miner"]: (row["blocks"], row["share"], row["expected"]) for row in rows["miners"]},
        "block-intervals": sum(row["blocks"] for row in rows["block-intervals"]),
        "block-fill": {(row["height"], row["transactions"]) for row in rows["block-fill"]},
        "payments": dict(_summed((row["state"], row["payments"]) for row in rows["payments"])),
        "confirmation": [(row["minutes"], row["share"]) for row in rows["confirmation"]],
        "waits": max((row["waited"] for row in rows["waits"] if row["measure"] == "longest"), default=None),
        "fees": {row["fee"]: row["payments"] for row in rows["fees"]},
        "propagation": {kind: (min(times), times[len(times) // 2], max(times)) for kind, times in spread.items()},
        "balances": {row["group"]: (row["least"], row["middle"], row["most"]) for row in rows["balances"]},
        "degrees": dict(_summed(((row["direction"], row["connections"]), row["nodes"]) for row in rows["degrees"])),
        "reorganisations": {row["depth"]: row["reorganisations"] for row in rows["reorganisations"]},
        "forks": {row["miner"]: row["blocks"] for row in rows["forks"]},
        "orders": {row["state"]: row["orders"] for row in rows["orders"]},
    }


def _summed(pairs):
    total = Counter()
    for key, number in pairs:
        total[key] += number
    return total


def _miners(plan, found):
    rates = {
        host["name"]: sum(actor.get("hashrate", 0) for actor in host["actors"])
        for host in plan["hosts"]
        if sum(actor.get("hashrate", 0) for actor in host["actors"])
    }
    blocks = Counter(miner for _, _, miner, _ in found)
    if not blocks:
        return {}
    return {
        name: (blocks[name], blocks[name] / sum(blocks.values()), rate / sum(rates.values()))
        for name, rate in rates.items()
    }


def _payments(told, sent):
    states = Counter()
    for kind in ("sent", "mined", "confirmed", "reorged", "vanished", "failed"):
        states[kind] = sum(data.get("txid") in sent for _, data in told[f"payment-{kind}"])
    states["delayed"] = len(told["payment-delayed"])
    return {state: count for state, count in states.items() if count}


def _confirmation(sent, confirmed):
    waits = sorted((confirmed[txid] - sent[txid][0]["t"]) / 6e7 for txid in confirmed)
    n, shares = len(sent), {}
    for k, minutes in enumerate(waits, 1):
        if k % max(1, n // 200) == 0 or k == 1:
            shares[minutes] = k / n
    return list(shares.items())


def _waits(sent, mined):
    return max(((mined[txid] - event["t"]) / 6e7 for txid, (event, _) in sent.items() if txid in mined), default=None)


def _propagation(told):
    result = {}
    for kind in ("block", "transaction"):
        delays = sorted(
            delay / 1e6
            for _, data in told[f"{kind}-spread"]
            if data["first"] >= 0
            for delay in data["delays"]
            if delay >= 0
        )
        if delays:
            middle = (delays[(len(delays) - 1) // 2] + delays[len(delays) // 2]) / 2
            result[kind] = (delays[0], middle, delays[-1])
    return result


def _balances(plan, told):
    groups = {host["name"]: host["group"] for host in plan["hosts"]}
    held, result = Counter(), defaultdict(list)
    for event, data in told["wallet-closed"]:
        held[event["participant"]] += data["balance"]
    for name in {event["participant"] for event, _ in told["wallet-closed"]}:
        result[groups[name]].append(held[name] / 1e12)
    return {
        group: (min(own), (sorted(own)[(len(own) - 1) // 2] + sorted(own)[len(own) // 2]) / 2, max(own))
        for group, own in result.items()
    }


def _degrees(plan, told):
    standing = Counter()
    for kind, sign in (("peer-connected", 1), ("peer-disconnected", -1)):
        for event, data in told[kind]:
            if event["t"] <= 0:
                standing[event["participant"], data["peer"]] += sign
    nodes = [host["name"] for host in plan["hosts"] if host.get("node")]
    if not any(standing.values()):
        return {}
    result = Counter()
    for node in nodes:
        result["dialled", sum(count for (one, _), count in standing.items() if one == node)] += 1
        result["was dialled", sum(count for (_, other), count in standing.items() if other == node)] += 1
    return dict(result)


def _orders(told):
    last = {data["order"]: "placed" for _, data in told["order-placed"]}
    for _, data in told["order-changed"]:
        last[data["order"]] = data["state"]
    return dict(Counter(last.values()))
