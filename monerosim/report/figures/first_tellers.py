"""What spies' nodes heard of transactions, and from whom."""

from monerosim.report.charts import PERCENT, Chart, quantitative

CHARTS = (
    Chart(
        name="first-tellers",
        title="Who told the spies of a transaction first?",
        section="Network",
        note="Bars: transactions by how far along the stem the node stood that told a spy first. At 0 it is the "
        "sender's own, and a spy who takes the first teller for the source is right.",
        sql="""
with spies as (
    select run, participant as node from participants where own_node and regexp_matches(actors, '(^|,)spy')
), heard as (
    select r.run, r.item as txid, arg_min(r.sender, r.t_us) as teller
    from relays r join spies s on s.run = r.run and s.node = r.receiver
    where r.phase in ('stem', 'fluff', 'embargo') and not exists (
        select 1 from spies other where other.run = r.run and other.node = r.sender
    )
    group by r.run, r.item having min(r.t_us) >= 0
), placed as (
    select h.run, h.txid, min(s.hop) as hop
    from heard h left join stems s on s.run = h.run and s.txid = h.txid and s.node = h.teller
    group by h.run, h.txid
)
select run, coalesce(hop::varchar, 'off it') as hop, count(*) as transactions,
    count(*) / sum(count(*)) over (partition by run) as share
from placed group by run, hop order by run, placed.hop nulls last
""",
        count="""
select count(distinct (r.run, r.item)) from relays r join participants p on p.run = r.run and p.participant = r.receiver
where r.phase in ('stem', 'fluff', 'embargo') and r.t_us >= 0 and regexp_matches(p.actors, '(^|,)spy')
""",
        of="transactions that reached a spy",
        absent="No relay to a spy was recorded: a spy is a node with the behaviour `spy`, and its relays and the stems "
        'are recorded with relays and stems = "all", or its name, in the scenario\'s table [record].',
        whole_run="Who told a spy first may have told it before the window: it is known of the whole run alone.",
        drawing={
            "mark": {"type": "bar", "opacity": 0.7},
            "encoding": {
                "x": {"field": "hop", "type": "ordinal", "sort": None, "title": "hops along the stem"},
                "xOffset": {"field": "run"},
                "y": quantitative("share", "share of transactions", axis=PERCENT),
            },
        },
    ),
)
