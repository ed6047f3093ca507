"""The second floor, back: what implements the ports."""
