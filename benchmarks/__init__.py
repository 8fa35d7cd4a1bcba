"""Benchmarks: each script measures one thing, prints a table, writes JSON and, with ``--write``, docs/benchmarks.md."""
