"""What an agent answers to a `track_task`, compared with what was asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from cvat_hub.errors import at


class Asked:
    """Lets the tracks pass that were asked for; others are refused.

    Each given shape may become one track, of its type and label. Its shapes are on the frames that
    were asked for; the one with which it ends, being outside, may be on the frame after those.
    """

    def __init__(self, params: Mapping[str, Any]) -> None:
        self._first, self._last = params["start_frame"], params["stop_frame"]
        self._open = Counter((shape["type"], shape["label_id"]) for shape in params["shapes"])

    def __call__(self, track: Any) -> bool:
        """Let a track pass.

        Raises:
            BadRequest: it was not asked for.
        """
        for shape in track.shapes:
            last = self._last + 1 if shape.outside else self._last
            if not self._first <= shape.frame <= last:
                raise at(["tracks"], f"frame {shape.frame} was not asked for")
        # A track without shapes is refused where annotations are checked.
        if track.shapes:
            kind = track.shapes[0].type
            self._open[kind, track.label_id] -= 1
            if self._open[kind, track.label_id] < 0:
                raise at(["tracks"], f"a {kind} of label {track.label_id} was not asked for")
        return True
