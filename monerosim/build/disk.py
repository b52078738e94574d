"""How much of the disk the programs of a plan take when it is played."""

from monerosim.plan.plan import Plan, payments_wanted

RUN = 800_000
NODE = 600_000
WALLET = 450_000
AGENT = 20_000
"""Bytes for a run, and more for each monerod, monero-wallet-rpc and agent: 5.4 MB for smoke.toml under Shadow with 3, 5
and 6, of which each monerod has 440 kB of blocks and 120 kB of log, and each wallet a file of 410 kB (measured)."""

PAYMENT = 2_500
"""Bytes for each payment at each node: two inputs of ring size 16 and two outputs are 2,200 bytes."""


def disk_of_programs(plan: Plan) -> int:
    """Estimate the bytes of a run directory in which real programs have played a plan."""
    nodes = sum(host.node is not None for host in plan.hosts)
    wallets = sum(len(host.wallets) for host in plan.hosts)
    payments = round(payments_wanted(plan))
    return RUN + nodes * (NODE + payments * PAYMENT) + wallets * WALLET + len(plan.hosts) * AGENT
