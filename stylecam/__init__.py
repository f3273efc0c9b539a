"""stylecam: video, pictures and webcams as moving paintings.

Importing this package loads neither torch nor OpenCV, PyAV or Qt: public names are fetched on first use.
"""

from __future__ import annotations

__version__ = "0.1.0"
