"""Functions that other functions are made of."""

from __future__ import annotations

import importlib
import runpy
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, TypeVar

from cvat_sdk.exceptions import BadFunctionError

Result = TypeVar("Result")


def function_of(source: Any, parameters: dict[str, Any] | None = None) -> Any:
    """Return a function by its name.

    Args:
        source: the name of a module, or the path of a file that ends in `.py`; or a function,
            which is returned as it is.
        parameters: for the module's `create`.

    Raises:
        BadFunctionError: it has no spec.
        ImportError, OSError: the module or the file is not there.
    """
    if not isinstance(source, str):
        return source
    module: Any
    if source.endswith(".py"):
        module = SimpleNamespace(**runpy.run_path(source))
    else:
        module = importlib.import_module(source)
    function = module.create(**(parameters or {})) if hasattr(module, "create") else module
    if not hasattr(function, "spec"):
        raise BadFunctionError(f"{source} has no 'spec' attribute: it is not a function")
    return function


class Changed:
    """A detection function whose results are changed; batches are as they are for the other.

    Args:
        inner: the other function.
        spec: of what comes out.
        change: returns what is to be returned, of annotations and the image's size (W, H).
    """

    def __init__(
        self, inner: Any, spec: Any, change: Callable[[list[Any], tuple[int, int]], list[Any]]
    ) -> None:
        self._inner, self._change, self.spec = inner, change, spec
        if callable(getattr(inner, "detect_batch", None)):
            self.detect_batch = self._detect_batch

    def detect(self, context: Any, image: Any) -> list[Any]:
        return self._change(list(self._inner.detect(context, image)), image.size)

    def _detect_batch(self, contexts: Sequence[Any], images: Sequence[Any]) -> list[list[Any]]:
        found = self._inner.detect_batch(contexts, images)
        return [
            self._change(list(one), image.size) for one, image in zip(found, images, strict=True)
        ]


def words(text: str) -> list[str]:
    """Return the parts of a list, as in "cat, dog"; none of an empty text."""
    return [word.strip() for word in text.split(",") if word.strip()]
