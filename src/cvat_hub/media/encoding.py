"""Frames to H.264 files, of which every one can be decoded and soon be found."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.video.frame import PictureType

_FPS = 25
# A frame is at most so many frames away from one that stands by itself.
_KEY_FRAME_EVERY = 12
# Each holds frames of its own; x264 would start more of them than there are cores.
_THREADS = 4


def crf_of(quality: int) -> int:
    """Return x264's rate factor, 51 worst to 12 visually lossless, for a quality of 0 to 100."""
    return round(51 - quality * 0.39)


def encode(frames: Iterable[av.VideoFrame], path: Path, width: int, height: int, crf: int) -> None:
    """Write frames as an H.264 mp4 of exactly that size.

    Odd sizes have no 4:2:0 form; they are written as 4:4:4.
    """
    pixel_format = "yuv444p" if width % 2 or height % 2 else "yuv420p"
    options = {
        "crf": str(crf),
        "preset": "superfast",
        "g": str(_KEY_FRAME_EVERY),
        "bf": "0",
        "threads": str(_THREADS),
    }
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as container:
        stream: Any = container.add_stream("libx264", rate=_FPS, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
        for number, frame in enumerate(frames):
            picture = frame.reformat(width, height, pixel_format)
            if number == 0:
                stream.codec_context.colorspace = picture.colorspace
                stream.codec_context.color_range = picture.color_range
            picture.pts, picture.time_base = number, Fraction(1, _FPS)
            # x264 would take the source's picture types for orders.
            picture.pict_type = PictureType.NONE
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
