"""The command line: one file for each group of commands."""

from gateway.cli.commands import app, main

__all__ = ["app", "main"]
