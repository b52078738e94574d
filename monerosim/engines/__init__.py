"""Engines: what plays a plan."""

from monerosim.engines.engine import Engine, EngineError, Progress, engine_names, load_engine

__all__ = ["Engine", "EngineError", "Progress", "engine_names", "load_engine"]
