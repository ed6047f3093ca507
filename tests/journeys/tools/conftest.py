"""The libraries of npm, installed once from their lock file beside the Node SDK."""

from tests.journeys.sdks.conftest import node_folder

__all__ = ["node_folder"]
