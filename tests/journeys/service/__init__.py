"""Backends that call for stored accounts, and what becomes of every credential on its way to Cronofy."""
