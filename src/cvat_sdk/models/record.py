"""The base of all records: typed, checked when made, and honest about what was not given.

A record is a `msgspec.Struct`, so that it is made, encoded and decoded at the speed of C. A field
that was not given holds `msgspec.UNSET` in its slot, and the encoder leaves it out. To the reader
it does not exist: a property in front of the slot raises AttributeError, which makes
`hasattr(shape, "id")` and `getattr(shape, "id", None)` tell the truth. msgspec itself goes to the
slot, past the property.
"""

from __future__ import annotations

import enum
import functools
import math
import operator
import sys
import threading
import types
import typing
from array import array
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple

import msgspec
from msgspec.structs import astuple

from cvat_sdk.exceptions import ApiAttributeError, ApiTypeError, ApiValueError

if TYPE_CHECKING:
    # To a reader, "not given" is no value that a field can have: reading it raises.
    from typing import Never as UnsetType

    UNSET: Any
else:
    from msgspec import UNSET, UnsetType

__all__ = ["UNSET", "Numbers", "Record", "UnsetType", "decoder", "floats"]

Coercion = Callable[[Any], Any]


# msgspec looks through a record when it is first used. Another thread that used the record in that
# moment would end the process: it is half known by then.
_looking_through = threading.Lock()


@functools.cache
def decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    """Return what decodes JSON to a record, or to a type that has records in it.

    Unlike `msgspec.json.decode`, it may be asked for by several threads at once.
    """
    with _looking_through:
        return msgspec.json.Decoder(kind)


class _Field(NamedTuple):
    """A field: the types that it takes as they are, a setter that checks, and one that doesn't."""

    name: str
    plain: frozenset[type]
    put: Callable[[Any, Any], None]
    write: Callable[[Any, Any], None]


def _guard(cls: type, name: str, hint: Any) -> _Field:
    """Put a property before the slot of a field."""
    members = _members(hint)
    plain: frozenset[Any] = frozenset(
        {UnsetType, *(m for m in members if isinstance(m, type) and m is not float)}
    )
    slot = cls.__dict__[name]
    put = _putter(slot.__set__, plain, _coercion(members), name)

    def get(record: Record, read: Callable[[Any], Any] = slot.__get__) -> Any:
        value = read(record)
        if value is UNSET:
            raise ApiAttributeError(_missing(record, name))
        return value

    setattr(cls, name, property(get, put, lambda record: put(record, UNSET)))
    return _Field(name, plain, put, slot.__set__)


def _putter(
    write: Callable[[Any, Any], None], plain: frozenset[type], coerce: Coercion, name: str
) -> Callable[[Any, Any], None]:
    def put(record: Record, value: Any) -> None:
        if type(value) not in plain:
            try:
                value = coerce(value)
            except (msgspec.ValidationError, TypeError, ValueError) as error:
                raise _told(error, f"{type(record).__name__}.{name}") from None
        write(record, value)

    return put


class RecordMeta(msgspec.StructMeta):
    """Puts a property in front of the slot of every field."""

    def __new__(
        mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any
    ) -> Any:
        cls: Any = super().__new__(mcls, name, bases, namespace, **options)
        hints = typing.get_type_hints(cls, include_extras=True) if cls.__struct_fields__ else {}
        inherited = {field.name: field for base in bases for field in getattr(base, "_fields", ())}
        cls._fields = tuple(
            _guard(cls, field, hints[field]) if field in cls.__dict__ else inherited[field]
            for field in cls.__struct_fields__
        )
        cls._plans = {}
        return cls


class Record(msgspec.Struct, metaclass=RecordMeta, gc=False):
    """One record of the wire, sent or received.

    Access by name (`shape.id`), by key (`shape["id"]`), `"id" in shape`, `shape.get("id")` and `==`
    go together. Sequences of numbers may be lists, tuples, or arrays and tensors of one dimension.

    Raises:
        ApiTypeError: a field is given a value of the wrong type.
        ApiValueError: a field is given a value out of its range, NaN or infinity.
        ApiAttributeError: a field is read that was not given.
    """

    _fields: ClassVar[tuple[_Field, ...]]
    _plans: ClassVar[dict[tuple[type, ...], tuple[tuple[int, Callable[[Record, Any], None]], ...]]]

    def __post_init__(self) -> None:
        # Which fields need a closer look depends on the types of the values alone.
        values = astuple(self)
        types = tuple(map(type, values))
        plan = self._plans.get(types)
        if plan is None:
            plan = self._plans[types] = tuple(
                (index, field.put)
                for index, field in enumerate(self._fields)
                if types[index] not in field.plain
            )
        for index, put in plan:
            put(self, values[index])

    def __getitem__(self, name: str) -> Any:
        if name not in self.__struct_fields__:
            raise ApiAttributeError(_missing(self, name))
        return getattr(self, name)

    def __setitem__(self, name: str, value: Any) -> None:
        setattr(self, name, value)

    def __contains__(self, name: str) -> bool:
        return name in self.__struct_fields__ and hasattr(self, name)

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of a field, or `default` if it was not given."""
        try:
            return self[name]
        except ApiAttributeError:
            return default

    def to_dict(self) -> dict[str, Any]:
        """Return what would be sent, as plain dicts, lists, strings and numbers."""
        result: dict[str, Any] = msgspec.to_builtins(self)
        return result

    def to_str(self) -> str:
        """Return the same as `str()`."""
        return str(self)

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [(name, self[name]) for name in self.__struct_fields__ if name in self]

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"{type(self).__name__}({given})"


_LARGEST = sys.float_info.max


class Numbers(msgspec.Struct, array_like=True, gc=False):
    """Finite numbers: `msgspec.convert((points,), Numbers).values` checks and copies them."""

    values: list[Annotated[float, msgspec.Meta(ge=-_LARGEST, le=_LARGEST)]]


decoder(Numbers)


def floats(values: Any) -> list[float]:
    """Return a sequence of numbers as a list of finite floats.

    Args:
        values: a list, a tuple, or an array or tensor of shape (N,), of numbers.

    Raises:
        TypeError: it is no such sequence.
        ValueError: a number is NaN or infinite.

    >>> floats((1, 2.5))
    [1.0, 2.5]
    """
    try:
        return msgspec.convert((values,), Numbers).values
    except msgspec.ValidationError:
        return _other_floats(_unwrapped(values))


def _other_floats(values: Any) -> list[float]:
    if not isinstance(values, list):
        raise TypeError(f"expected a sequence of numbers, got {type(values).__name__}")
    result = array("d", values).tolist()
    for index, value in enumerate(result):
        if not math.isfinite(value):
            raise ValueError(f"element {index} is {value}, not a finite number")
    return result


def _members(hint: Any) -> tuple[Any, ...]:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return tuple(member for member in typing.get_args(hint) if member is not UnsetType)
    return (hint,)


def _coercion(members: tuple[Any, ...]) -> Coercion:
    if members == (list[float],):
        return floats
    if isinstance(members[0], type) and issubclass(members[0], enum.Enum):
        return _word(members[0])
    low, high = _bounds(members[0])
    target: Any = None

    def convert(value: Any) -> Any:
        nonlocal target
        if type(value) is float and low <= value <= high:
            return value
        if target is None:
            target = _target(members)
        try:
            result = msgspec.convert((value,), target).value
        except msgspec.ValidationError:
            result = msgspec.convert((_unwrapped(value),), target).value
        if isinstance(result, float) and not math.isfinite(result):
            raise ValueError(f"{result} is not a finite number")
        return result

    return convert


def _target(members: tuple[Any, ...]) -> Any:
    # msgspec remembers how to convert to a record, but not to other types: three times as fast.
    target = msgspec.defstruct(
        "Target", [("value", functools.reduce(operator.or_, members))], array_like=True, gc=False
    )
    with _looking_through:
        msgspec.json.Decoder(target)
    return target


def _bounds(hint: Any) -> tuple[float, float]:
    """Return the range of a float; an empty one for other types."""
    if typing.get_origin(hint) is Annotated and hint.__origin__ is float:
        return hint.__metadata__[0].ge, hint.__metadata__[0].le
    return math.inf, -math.inf


def _word(enumeration: type[enum.Enum]) -> Coercion:
    known = {member.value: member for member in enumeration}

    def convert(value: Any) -> Any:
        return known.get(value) or enumeration(value)

    return convert


def _told(error: Exception, place: str) -> Exception:
    wrong_type = isinstance(error, TypeError) or "got `" in str(error)
    problem = str(error).replace("`$[0]", "`$").removesuffix(" - at `$`")
    return (ApiTypeError if wrong_type else ApiValueError)(f"{place}: {problem}")


def _missing(record: Record, name: str) -> str:
    problem = "it was not given" if name in record.__struct_fields__ else "there is no such field"
    return f"{type(record).__name__} has no attribute {name!r}: {problem}"


def _unwrapped(value: Any) -> Any:
    """Return arrays, tensors and their numbers as plain ones, and records as what they send."""
    if isinstance(value, Record):
        return value.to_dict()
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, list | tuple | range | array):
        return [_unwrapped(item) for item in value]
    return value
