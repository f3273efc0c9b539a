"""Make assets/demo.mp4 and assets/demo.jpg: a short clip with motion, a still stretch, a cut and sound, free to ship.

    pip install scikit-image && python scripts/make_demo.py

The photographs come with scikit-image: `astronaut` (Eileen Collins, by NASA, public domain) and `chelsea` (a cat, by
Stéfan van der Walt, CC0). The camera move and the music are made here.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace
from PIL import Image
from skimage import data

ASSETS = Path(__file__).resolve().parent.parent / "assets"
SIZE = (640, 360)
RATE = 25
SOUND_RATE = 48000

Box = tuple[float, float, float, float]


def eased(a: Box, b: Box, t: float) -> Box:
    """Between two camera frames, slow at both ends."""
    s = t * t * (3 - 2 * t)
    left, top, right, bottom = (x + (y - x) * s for x, y in zip(a, b, strict=True))
    return left, top, right, bottom


def framed(left: float, top: float, width: float) -> Box:
    """A camera frame of the clip's shape."""
    return left, top, left + width, top + width * SIZE[1] / SIZE[0]


def pictures() -> list[Image.Image]:
    astronaut, cat = Image.fromarray(data.astronaut()), Image.fromarray(data.chelsea())
    wide, face = framed(0, 0, 512), framed(90, 8, 288)
    nose, cat_wide = framed(110, 60, 240), framed(0, 22, 451)
    shots = [(astronaut, wide, face, 2.4), (astronaut, face, face, 1.4), (cat, nose, cat_wide, 2.2)]
    return [
        photo.resize(SIZE, Image.Resampling.LANCZOS, box=eased(start, end, n / (round(seconds * RATE) - 1)))
        for photo, start, end, seconds in shots
        for n in range(round(seconds * RATE))
    ]


def music(seconds: float) -> np.ndarray:
    """A soft arpeggio in C, stereo float32."""
    t = np.arange(round(seconds * SOUND_RATE)) / SOUND_RATE
    wave = np.zeros_like(t)
    notes = [261.63, 329.63, 392.00, 523.25, 440.00, 349.23, 392.00, 329.63]
    for n in range(int(seconds / 0.25)):
        since = t - n * 0.25
        envelope = np.where(since > 0, np.exp(-3 * np.maximum(since, 0)) * np.minimum(1, since / 0.01), 0)
        pitch = notes[n % len(notes)]
        wave += 0.16 * envelope * (np.sin(2 * np.pi * pitch * t) + 0.3 * np.sin(4 * np.pi * pitch * t))
    fade = np.clip(np.minimum(t, seconds - t) / 0.3, 0, 1)
    return np.stack([wave * fade, np.roll(wave * fade, 480)]).astype(np.float32)


def main() -> None:
    images = pictures()
    sound = music(len(images) / RATE)
    with av.open(str(ASSETS / "demo.mp4"), "w", options={"movflags": "faststart"}) as container:
        container.metadata["title"] = "stylecam demo"
        video = container.add_stream("libx264", rate=RATE, options={"preset": "veryslow", "crf": "21"})
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        context = video.codec_context
        context.colorspace = context.color_primaries = context.color_trc = context.color_range = 1
        audio = container.add_stream("aac", rate=SOUND_RATE, layout="stereo")
        audio.codec_context.bit_rate = 96000
        for index, image in enumerate(images):
            frame = av.VideoFrame.from_image(image).reformat(
                format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
            )
            frame.pts, frame.time_base = index, Fraction(1, RATE)
            container.mux(video.encode(frame))
            step = SOUND_RATE // RATE
            block = np.ascontiguousarray(sound[:, index * step : (index + 1) * step])
            samples = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
            samples.sample_rate, samples.pts = SOUND_RATE, index * step
            container.mux(audio.encode(samples))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))
    still = Image.fromarray(data.astronaut()).resize((800, 600), Image.Resampling.LANCZOS, box=(0, 0, 512, 384))
    still.save(ASSETS / "demo.jpg", quality=88)


if __name__ == "__main__":
    main()
