"""Sessions at scale, on each engine of the record store: `python -m bench.sessions` measures, docs/scaling.md tells."""
