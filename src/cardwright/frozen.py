"""Classes of immutable values that are quick to define: a program that starts defines dozens."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import (
    MISSING,
    Field,
    FrozenInstanceError,
    dataclass,
    field,
    fields,
    make_dataclass,
)
from operator import attrgetter
from typing import Any, Final, TypeVar, dataclass_transform

_T = TypeVar("_T")
_FEW: Final = 50
"""So many values are made sooner than a constructor."""


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def frozen(cls: type[_T]) -> type[_T]:
    """Make of a class what `dataclass(frozen=True, slots=True, kw_only=True)` makes of it.

    Its constructor is compiled after a few calls: that takes most of the time.
    """
    made: Any = dataclass(init=False, repr=False, eq=False, slots=True, kw_only=True)(cls)
    every = fields(made)
    read = _make_reader(every)

    count = 0

    def construct(self: Any, **values: Any) -> None:
        nonlocal count
        count += 1
        if count > _FEW:
            made.__init__ = _make_constructor(made, every)
            made.__init__(self, **values)
        else:
            _set_fields(self, every, values)

    def is_equal(self: Any, other: object) -> bool:
        return read(self) == read(other) if type(other) is type(self) else NotImplemented

    def make_hash(self: Any) -> int:
        return hash(read(self))

    def describe(self: Any) -> str:
        shown = (f"{one.name}={getattr(self, one.name)!r}" for one in every if one.repr)
        return f"{type(self).__qualname__}({', '.join(shown)})"

    def reduce(self: Any) -> tuple[Any, ...]:
        return _restore, (type(self), {one.name: getattr(self, one.name) for one in every})

    def refuse_to_set(_self: Any, name: str, _value: object) -> None:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def refuse_to_delete(_self: Any, name: str) -> None:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    methods = {
        "__init__": construct,
        "__eq__": is_equal,
        "__hash__": make_hash,
        "__repr__": describe,
        "__reduce__": reduce,
        "__setattr__": refuse_to_set,
        "__delattr__": refuse_to_delete,
    }
    for name in methods.keys() - cls.__dict__.keys():
        setattr(made, name, methods[name])
    return made  # type: ignore[no-any-return]


def _make_reader(every: Iterable[Field[Any]]) -> Callable[[Any], Any]:
    """Return a function that reads the fields by which values are compared."""
    names = [one.name for one in every if one.compare]
    return attrgetter(*names) if names else lambda _: ()


def _set_fields(made: Any, every: Iterable[Field[Any]], values: dict[str, Any]) -> None:
    """Do what a constructor does."""
    for one in every:
        if one.name in values:
            value = values.pop(one.name)
        elif one.default is not MISSING:
            value = one.default
        elif one.default_factory is not MISSING:
            value = one.default_factory()
        else:
            raise TypeError(f"missing required keyword-only argument: {one.name!r}")
        object.__setattr__(made, one.name, value)
    if values:
        raise TypeError(f"got an unexpected keyword argument {next(iter(values))!r}")


def _make_constructor(cls: type, every: Iterable[Field[Any]]) -> Callable[..., None]:
    """Return the constructor that a dataclass of these fields has."""
    parts = [(one.name, object, _copy_default(one)) for one in every]
    # Without a docstring, `dataclass` would write one.
    names = {"__doc__": "The same values.", "__module__": cls.__module__}
    usual: Any = make_dataclass(
        cls.__name__, parts, frozen=True, repr=False, eq=False, kw_only=True, namespace=names
    )
    constructor: Callable[..., None] = usual.__init__
    return constructor


def _copy_default(one: Field[Any]) -> Any:
    if one.default_factory is not MISSING:
        return field(default_factory=one.default_factory)
    return field() if one.default is MISSING else field(default=one.default)


def _restore(cls: Callable[..., Any], values: dict[str, Any]) -> Any:
    """Make a value again from its fields: for `copy` and `pickle`."""
    return cls(**values)
