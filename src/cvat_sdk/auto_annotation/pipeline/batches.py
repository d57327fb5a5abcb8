"""How many images a function is given at a time: decisions only; the seconds are told."""

from __future__ import annotations

_OUT_OF_MEMORY = {"OutOfMemoryError", "MemoryError", "ResourceExhaustedError"}


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether a function ran out of memory, in whichever library, by the error's looks.

    >>> is_out_of_memory(RuntimeError("CUDA error: out of memory"))
    True
    """
    if any(kind.__name__ in _OUT_OF_MEMORY for kind in type(error).__mro__):
        return True
    return isinstance(error, RuntimeError) and "out of memory" in str(error).lower()


class FixedBatchSize:
    """Batches of a size that somebody chose.

    Attributes:
        size: how many images the next batch may have.
    """

    def __init__(self, size: int) -> None:
        self.size = size

    def took(self, size: int, seconds: float) -> None:
        """A batch is done."""

    def ran_out_of_memory(self, size: int) -> bool:
        """A batch was too large. Return whether a smaller one may be tried."""
        return False


class AutoBatchSize:
    """Batches that grow as long as that makes a function faster.

    The size is doubled while an image takes at least a tenth less time by that. Two disappointments
    in a row, or no memory for more, end it; then the best size is kept.

    Args:
        most: no batch is larger.
    """

    def __init__(self, most: int = 128) -> None:
        self.size = 1
        self._most = most
        self._best = (1, float("inf"))
        self._disappointments = 0
        self._settled = most == 1
        self._is_warm = False

    def took(self, size: int, seconds: float) -> None:
        """A batch is done. Those that are not of the size that was asked for tell nothing."""
        if self._settled or size != self.size:
            return
        # Much is loaded and compiled when a function is called for the first time.
        if not self._is_warm:
            self._is_warm = True
            return
        if seconds / size < 0.9 * self._best[1]:
            self._best, self._disappointments = (size, seconds / size), 0
            self._grow()
        else:
            self._disappointments += 1
            if self._disappointments == 2:
                self._settle()

    def ran_out_of_memory(self, size: int) -> bool:
        """A batch was too large. Return whether a smaller one may be tried."""
        if size == 1:
            return False
        self._most = self.size = size // 2
        self._settled = True
        return True

    def _grow(self) -> None:
        if self.size == self._most:
            self._settled = True
        self.size = min(2 * self.size, self._most)

    def _settle(self) -> None:
        self._settled, self.size = True, self._best[0]


BatchSize = FixedBatchSize | AutoBatchSize
