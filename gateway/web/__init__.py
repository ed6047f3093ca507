"""The second floor, front: aiohttp handlers, middleware, one URL table."""
