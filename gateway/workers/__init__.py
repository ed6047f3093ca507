"""Several processes that answer as one gateway: an arbiter starts them, looks after them and ends them."""
