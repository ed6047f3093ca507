"""The lean upstream path: connections to Cronofy over asyncio protocols, parsed by llhttp (httptools).

Read it in this order: `reply` (an answer as it arrives), `connection` (one exchange at a time), `pool` (which
connection
a call gets), `request_head` (what is written), `upstream` (the port).
"""
