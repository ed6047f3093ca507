"""Measurements: CPU per call, and its ratio to a peer in the same run."""
