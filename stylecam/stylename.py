"""From a picture's or a file's name to one that a style can have. Pure, and light: asking for help loads it, too."""

from __future__ import annotations

import re

__all__ = ["style_name_from"]


def style_name_from(text: str) -> str:
    """A file's name as a style can be called: ``"The Scream (1893)"`` as ``"the_scream_1893"``."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:64].rstrip("_") or "mine"
