"""The ground floor: plain values in, plain values out.

No socket, clock, randomness, log or framework is imported here; the import law checks it.
"""
