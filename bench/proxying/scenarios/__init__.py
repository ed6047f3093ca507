"""What is measured, each thing in a file of its own.

A scenario is a module with `seconds(plan)`, a guess of what it takes, and `measure(stage, tick)`, which returns what it
found as JSON and calls `tick` with a word whenever it gets on.
"""
