"""Between Python values and the bytes of JSON bodies."""

from __future__ import annotations

import datetime
import gc
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec

from cvat_sdk.exceptions import ApiException, ApiTypeError, ApiValueError
from cvat_sdk.models.record import decoder

JSON_TYPE = "application/json"
ACCEPTED_TYPE = "application/vnd.cvat+json"

# Collecting garbage while 100,000 shapes come to life costs more than making them.
_BULK_SIZE = 1_000_000

_NUMBERLESS = frozenset({int, str, bool, type(None), msgspec.UnsetType})


@contextmanager
def paused_garbage_collection(*, when: bool = True) -> Iterator[None]:
    """Put the cyclic garbage collector off until the end of the block, if it was on."""
    pause = when and gc.isenabled()
    if pause:
        gc.disable()
    try:
        yield
    finally:
        if pause:
            gc.enable()


def encode(value: Any) -> bytes:
    """Return `value` (records, dicts, lists, numbers, arrays) as JSON.

    Raises:
        ApiTypeError: JSON has no form for a part of it.
        ApiValueError: a number in it is NaN or infinite; the message says where.
    """
    try:
        body = msgspec.json.encode(value, enc_hook=_plain)
    except (TypeError, msgspec.MsgspecError) as error:
        raise ApiTypeError(f"cannot be sent as JSON: {error}") from error
    # The encoder writes NaN as null, which a server would take for "no value".
    if b"null" in body and not _is_finite(value):
        _refuse_non_finite(value, "")
    return body


def decode(body: bytes, reply: Any) -> Any:
    """Return the record of type `reply` that the JSON `body` tells.

    Raises:
        ApiException: the server's answer is not of that form.
    """
    with paused_garbage_collection(when=len(body) > _BULK_SIZE):
        try:
            return decoder(reply).decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            name = getattr(reply, "__name__", str(reply))
            shown = body[:200].decode(errors="replace")
            raise ApiException(
                reason=f"the server's answer is not a {name}: {error}", body=shown
            ) from error


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):  # numpy's numbers and arrays
        return value.tolist()
    if hasattr(value, "__fspath__"):
        return value.__fspath__()
    raise TypeError(f"there is no form for {value!r}")


def _is_finite(value: Any) -> bool:
    """Tell whether all numbers in `value` are surely finite; made for 100,000 shapes."""
    kind = type(value)
    if kind in _NUMBERLESS:
        return True
    if kind is float:
        return math.isfinite(value)
    if kind is list:
        try:
            return math.isfinite(sum(value))  # NaN and infinity don't vanish in sums
        except (TypeError, OverflowError):
            return all(map(_is_finite, value))
    if kind is dict:
        return all(map(_is_finite, value.values()))
    if isinstance(value, msgspec.Struct):
        return all(map(_is_finite, msgspec.structs.astuple(value)))
    return isinstance(value, str | datetime.datetime)  # str: the enums


def _refuse_non_finite(value: Any, path: str) -> None:
    if isinstance(value, float):
        if not math.isfinite(value):
            name = path.removeprefix(".") or "the value"
            raise ApiValueError(f"{name} is {value}; it has to be finite")
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            _refuse_non_finite(getattr(value, name, None), f"{path}.{name}")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            _refuse_non_finite(item, f"{path}.{key}")
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for i, item in enumerate(value):
            _refuse_non_finite(item, f"{path}[{i}]")
    elif hasattr(value, "tolist"):
        _refuse_non_finite(value.tolist(), path)
