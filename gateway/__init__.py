"""Cronofy Gateway: an async OAuth gateway between client apps and Cronofy.

An independent project, not affiliated with Cronofy.
"""

from typing import Final

VERSION: Final = "0.1.0"
