"""Programs of our own that the measurements start."""
