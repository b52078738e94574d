"""A run as tables of fixed schema: made from its events in one pass, kept as Parquet, asked by SQL.

The schema needs no library; :mod:`monerosim.tables.write` needs pyarrow and :mod:`monerosim.tables.query` duckdb, which
``monerosim[report]`` brings.
"""
