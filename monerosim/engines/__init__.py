"""Engines: what plays a plan. Each is a package; :mod:`monerosim.engine` says what an engine is."""
