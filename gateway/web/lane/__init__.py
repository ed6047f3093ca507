"""The lane: plain calls on `/v1/…` are served by a protocol of our own, beside aiohttp's on the same port.

Read it in this order: `message` (which requests are plain), `protocol` (a connection, and how aiohttp gets it), `calls`
(the story of a call, the same that aiohttp's handler tells), `reply` (what is written). Every verdict is made by the
same rules and flows; the lane only reads and writes HTTP.
"""
