"""What is kept to be used again, bounded in bytes and in age. Pure: time is an argument."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass
class _Entry(Generic[V]):
    value: V
    size: int
    used: float


class Cache(Generic[K, V]):
    """Values by keys; those that were used least lately are dropped first.

    Args:
        max_bytes: how large all values together may be. A value that is larger is not kept.
        max_age_s: how long a value is kept that nobody asks for.
        clock: returns seconds.
        dropped: told of each value that is kept no longer.

    Attributes:
        hits, misses: how often `get` found something, and how often it didn't.
    """

    def __init__(
        self,
        max_bytes: int,
        max_age_s: float,
        clock: Callable[[], float],
        dropped: Callable[[V], object] = lambda value: None,
    ) -> None:
        self._max_bytes = max_bytes
        self._max_age_s = max_age_s
        self._clock = clock
        self._dropped = dropped
        self._entries: OrderedDict[K, _Entry[V]] = OrderedDict()
        self.size = self.hits = self.misses = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: K) -> bool:
        """Tell whether a value is there; that does not count as using it."""
        self.prune()
        return key in self._entries

    def __iter__(self) -> Iterator[K]:
        return iter(list(self._entries))

    def get(self, key: K) -> V | None:
        """Return a value that is there still, None if it isn't."""
        self.prune()
        entry = self._entries.get(key)
        if entry is None:
            self.misses += 1
            return None
        self.hits += 1
        entry.used = self._clock()
        self._entries.move_to_end(key)
        return entry.value

    def put(self, key: K, value: V, size: int) -> None:
        """Keep a value of so many bytes, in place of another one with this key."""
        self.pop(key)
        self.prune()
        self._entries[key] = _Entry(value, size, self._clock())
        self.size += size
        while self.size > self._max_bytes:
            self.pop(next(iter(self._entries)))

    def pop(self, key: K) -> None:
        """Drop a value, if it is there."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.size -= entry.size
            self._dropped(entry.value)

    def clear(self) -> None:
        """Drop everything."""
        for key in self:
            self.pop(key)

    def prune(self) -> None:
        """Drop what is too old."""
        oldest = self._clock() - self._max_age_s
        while self._entries:
            key, entry = next(iter(self._entries.items()))
            if entry.used >= oldest:
                return
            self.pop(key)
