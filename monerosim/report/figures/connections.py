"""How the nodes are connected, and how transactions travel from one to the next."""

from monerosim.report.charts import PERCENT, WHOLE, Chart, coloured, quantitative

CHARTS = (
    Chart(
        name="degrees",
        title="How many connections have the nodes?",
        section="Network",
        note="Bars: nodes by their connections at time zero, those that they dialled and those that dialled them.",
        sql="""
with nodes as (select run, participant as node from participants where own_node),
standing as (
    select run, node, peer from connections
    where coalesce(opened_us, 0) <= 0 and (closed_us is null or closed_us > 0)
), counted as (
    select n.run, n.node, 'dialled' as direction, count(s.peer) as connections
    from nodes n left join standing s on s.run = n.run and s.node = n.node group by all
    union all
    select n.run, n.node, 'was dialled' as direction, count(s.node) as connections
    from nodes n left join standing s on s.run = n.run and s.peer = n.node group by all
)
select run, direction, connections, count(*) as nodes from counted
where exists (select 1 from standing s where s.run = counted.run)
group by run, direction, connections order by run, direction, connections
""",
        count="""
select count(*) from connections where coalesce(opened_us, 0) <= 0 and (closed_us is null or closed_us > 0)
""",
        of="connections",
        absent="No connection stands at time zero.",
        whole_run="Connections are counted at time zero, whichever the window.",
        series="direction",
        drawing={
            "mark": {"type": "rect", "opacity": 0.6},
            "encoding": {
                "x": quantitative("from", "connections", scale={"zero": False}, axis={"tickMinStep": 1, "grid": False}),
                "x2": {"field": "to"},
                "y": quantitative("nodes", "nodes", stack=None),
                "y2": {"datum": 0},
                "color": coloured("direction"),
            },
            "transform": [
                {"calculate": "datum.connections - 0.5", "as": "from"},
                {"calculate": "datum.connections + 0.5", "as": "to"},
            ],
        },
    ),
    Chart(
        name="durations",
        title="How long do connections last?",
        section="Network",
        note="Share of the connections that ended within so many minutes; those that lasted to the end are left out.",
        sql="""
with ended as (
    select run, (closed_us - opened_us) / 6e7 as minutes,
        row_number() over (partition by run order by closed_us - opened_us) as k, count(*) over (partition by run) as n
    from connections where opened_us is not null and closed_us is not null
)
select run, minutes, max(k) / n as share from ended
where k % greatest(1, n // 200) = 0 or k = 1 group by run, minutes, n order by run, minutes
""",
        count="select count(*) from connections where opened_us is not null and closed_us is not null",
        of="connections that ended",
        absent="No connection ended.",
        drawing={
            "mark": {"type": "line", "interpolate": "step-after"},
            "encoding": {
                "x": quantitative("minutes", "minutes"),
                "y": quantitative("share", "share of connections", axis=PERCENT, scale=WHOLE),
            },
        },
    ),
    Chart(
        name="stems",
        title="How long are the stems of transactions?",
        section="Network",
        note="Bars: transactions by the hops of their stem phase.",
        sql="""
with lengths as (select run, txid, max(hop) as hops from stems where since_us >= 0 group by run, txid)
select run, hops, count(*) as transactions from lengths group by all order by run, hops
""",
        count="select count(distinct (run, txid)) from stems where since_us >= 0",
        of="transactions",
        absent='No stem was recorded: set stems = "sample" in the scenario\'s table [record].',
        drawing={
            "mark": {"type": "bar", "opacity": 0.7},
            "encoding": {
                "x": {"field": "hops", "type": "ordinal", "title": "hops"},
                "xOffset": {"field": "run"},
                "y": quantitative("transactions", "transactions"),
            },
        },
    ),
    Chart(
        name="clumps",
        title="How many transactions come in a message?",
        section="Network",
        note="Bars: messages by the transactions in them; 11 stands for more than ten.",
        sql="""
select run, least(transactions, 11) as transactions, count(*) as messages from clumps where t_us >= 0
group by run, least(transactions, 11) order by 1, 2
""",
        count="select count(*) from clumps where t_us >= 0",
        of="messages",
        absent='No relay was recorded: set relays = "sample" in the scenario\'s table [record].',
        drawing={
            "mark": {"type": "bar", "opacity": 0.7},
            "encoding": {
                "x": {"field": "transactions", "type": "ordinal", "title": "transactions"},
                "xOffset": {"field": "run"},
                "y": quantitative("messages", "messages"),
            },
        },
    ),
)
