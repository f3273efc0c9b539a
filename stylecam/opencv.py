"""OpenCV, told how to behave before it is loaded: it reads its settings from the environment. Import it from here."""

from __future__ import annotations

import os

# Its own FFmpeg writes to stderr by itself; the same faults reach the user as counted frames and errors.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
# Cameras: Windows' hardware transforms make opening take up to 20 s (opencv#17687); a silent V4L2 device would block a
# read for 10 s; and a Mac's question for permission belongs to the main thread.
os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")
os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "3")
os.environ.setdefault("OPENCV_AVFOUNDATION_SKIP_AUTH", "1")

import cv2

__all__ = ["cv2"]
