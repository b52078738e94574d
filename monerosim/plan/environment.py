"""Environment variables by which an engine configures an agent's process."""

EPOCH_VARIABLE = "MONEROSIM_EPOCH"
"""The run's start in Unix time, where it is not that of Shadow's clock (:data:`monerosim.runtime.clock.EPOCH`)."""

WATCH_VARIABLE = "MONEROSIM_WATCH"
"""Whether (``1``) letters are taken as soon as they are there, where nothing depends on the order of hosts."""

TRACE_VARIABLE = "MONEROSIM_TRACE_LEVEL"
"""The lowest level of traces to keep."""
