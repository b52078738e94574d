"""Questions of researchers, each with its SQL."""

import msgspec


class Example(msgspec.Struct, frozen=True):
    """A question, and how the tables answer it."""

    question: str
    sql: str


EXAMPLES = (
    Example(
        "What share of the blocks has each miner, beside its share of the hashrate?",
        """
select miner, count(*) as blocks, round(count(*) / sum(count(*)) over (), 3) as share,
    round(any_value(hashrate) / (select sum(hashrate) from participants), 3) as hashrate
from blocks join participants on participant = miner
where main and not bootstrap group by miner order by blocks desc, miner
""",
    ),
    Example(
        "How long is the time between blocks: mean, median, longest?",
        """
select count(*) as blocks, round(avg(interval_s), 1) as mean, median(interval_s) as median, max(interval_s) as longest
from intervals
""",
    ),
    Example(
        "How long do payments wait for their first block, by the hour they were sent in?",
        """
select floor(t_us / 3.6e9)::int as hour, count(*) as payments, round(avg(mined_s) / 60, 2) as mean_minutes,
    round(max(mined_s) / 60, 2) as longest
from waits where mined_s is not null group by hour order by hour
""",
    ),
    Example(
        "Do payments that pay more wait less?",
        """
select fee / 1e12 as fee_xmr, count(*) as payments, round(avg(mined_s) / 60, 2) as mean_minutes
from waits where mined_s is not null group by fee order by payments desc limit 10
""",
    ),
    Example(
        "How fast do blocks and transactions reach half, nine of ten and all nodes?",
        """
select kind, count(distinct item) as items, round(quantile_cont(delay_s, 0.5), 3) as half,
    round(quantile_cont(delay_s, 0.9), 3) as nine_of_ten, round(max(delay_s), 3) as slowest
from delays group by kind order by kind
""",
    ),
    Example(
        "Which nodes are the first to have a transaction?",
        """
select node, count(*) as first_of from delays where kind = 'transaction' and delay_s = 0
group by node order by first_of desc, node limit 10
""",
    ),
    Example(
        "How many connections has a node, those that it dialled and those that dialled it?",
        """
select round(avg(dialled), 2) as dialled, max(was_dialled) as most_dialled, min(was_dialled) as least_dialled
from (
    select participant, (select count(*) from connections c where c.node = participant) as dialled,
        (select count(*) from connections c where c.peer = participant) as was_dialled
    from participants where own_node
)
""",
    ),
    Example(
        "How full are the blocks over time?",
        """
select floor(t_us / 6e8)::int * 10 as minute, count(*) as blocks, sum(txs) as transactions, max(txs) as fullest
from blocks where main and not bootstrap group by minute order by minute
""",
    ),
    Example(
        "What was requested, and what came of it?",
        "select action, outcome, sum(times) as times from requests where t_us >= 0 group by all order by all",
    ),
    Example(
        "What did each group of participants pay and get?",
        """
select "group", count(*) as participants, round(sum(held) / 1e12, 3) as xmr, sum(payments) as payments
from (
    select "group", participant,
        (select sum(balance) from wallets w where w.participant = p.participant and final) as held,
        (select count(*) from transactions t where t.sender = p.participant and not bootstrap) as payments
    from participants p where wallets > 0
)
group by "group" order by "group"
""",
    ),
)
