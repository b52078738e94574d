"""Views: what many questions begin with, made of the tables when they are asked."""

import msgspec

from monerosim.tables.schema import Column


class View(msgspec.Struct, frozen=True):
    """A question that has a name."""

    name: str
    text: str
    columns: tuple[Column, ...]
    """Beside ``run``."""
    sql: str


VIEWS = (
    View(
        "waits",
        "How long payments of the scenario's own time took, as their senders saw it.",
        (
            Column("txid", "text", "the transaction"),
            Column("sender", "name", "who paid"),
            Column("t_us", "time", "when it was sent"),
            Column("fee", "amount", "its fee"),
            Column("mined_s", "real", "seconds until it was first seen in a block; null if never"),
            Column("confirmed_s", "real", "seconds until it was confirmed; null if never"),
        ),
        """
select run, txid, sender, t_us, fee,
    (first_mined_us - t_us) / 1e6 as mined_s, (confirmed_us - t_us) / 1e6 as confirmed_s
from transactions where not bootstrap
""",
    ),
    View(
        "delays",
        "How much later than the first node each node had each block and transaction of the scenario's own time.",
        (
            Column("kind", "text", "block or transaction"),
            Column("item", "text", "its hash"),
            Column("node", "name", "whose node"),
            Column("delay_s", "real", "seconds after the first node"),
            Column("first_us", "time", "when that had it"),
        ),
        """
with had as (
    select run, 'block' as kind, hash as item, node, t_us, min(t_us) over (partition by run, hash) as first_us
    from block_sightings
    union all
    select run, 'transaction' as kind, txid as item, node, t_us, min(t_us) over (partition by run, txid) as first_us
    from tx_sightings
)
select run, kind, item, node, (t_us - first_us) / 1e6 as delay_s, first_us from had where first_us >= 0
""",
    ),
    View(
        "intervals",
        "Times between the blocks of the main chain, in the scenario's own time.",
        (
            Column("height", "integer", "of the later block"),
            Column("miner", "name", "who found it"),
            Column("t_us", "time", "when"),
            Column("interval_s", "real", "seconds since the block before it, or since time zero"),
        ),
        """
select run, height, miner, t_us,
    (t_us - coalesce(lag(t_us) over (partition by run order by height, t_us, hash), 0)) / 1e6 as interval_s
from blocks where not bootstrap and main
""",
    ),
    View(
        "forks",
        "Blocks off the main chain, each with the one on it of the same height.",
        (
            Column("height", "integer", "of both"),
            Column("stale", "text", "hash of the one off the main chain"),
            Column("loser", "name", "who found it"),
            Column("main", "text", "hash of the one on it; null if there is none"),
            Column("winner", "name", "who found that"),
            Column("apart_s", "real", "seconds between the two"),
            Column("t_us", "time", "when the stale one was found"),
        ),
        """
select s.run, s.height, s.hash as stale, s.miner as loser, m.hash as main, m.miner as winner,
    abs(s.t_us - m.t_us) / 1e6 as apart_s, s.t_us
from blocks s left join blocks m on m.run = s.run and m.height = s.height and m.main
where not s.main
""",
    ),
    View(
        "clumps",
        "Messages with transactions, a row each; empty unless relays were recorded.",
        (
            Column("sender", "name", "whose node sent"),
            Column("receiver", "name", "whose node got it"),
            Column("t_us", "time", "when"),
            Column("transactions", "integer", "in the message"),
        ),
        # Nodes that have dialled each other send the same over both connections at once.
        """
select run, sender, receiver, t_us, transactions from (
    select run, sender, receiver, t_us, message as transactions, unnest(range(ceil(count(*) / message)::int))
    from relays where phase in ('stem', 'fluff', 'embargo') group by run, sender, receiver, t_us, phase, message
)
""",
    ),
)
