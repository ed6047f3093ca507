"""A small Cronofy that runs on one machine: for tests, benchmarks and a first look.

It plays both of Cronofy's hosts (api and app) on one origin. It shares no code with the gateway, so an
agreement of the two is worth something.
"""
