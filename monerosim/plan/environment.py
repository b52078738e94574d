"""What an engine tells an agent's process by environment variables."""

EPOCH_VARIABLE = "MONEROSIM_EPOCH"
"""The run's start in Unix time, where it is not that of Shadow's clock (:data:`monerosim.runtime.clock.EPOCH`)."""

TRACE_VARIABLE = "MONEROSIM_TRACE_LEVEL"
"""The least important level of traces to keep."""
