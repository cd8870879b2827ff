"""Checked reading of JSON: each field with its path, so that an error says where the text is wrong."""

from collections.abc import Callable
from typing import Never, TypeVar

from .errors import SinterXlaError

T = TypeVar("T")


class Fields:
    """A JSON object at a path of a file. Each method gives a field of a type, or raises `error` saying where it is not."""

    def __init__(self, value: object, path: str, error: type[SinterXlaError]) -> None:
        self.path = path
        self._error = error
        if not isinstance(value, dict):
            self._fail("", "an object", value)
        self._fields: dict[str, object] = value

    def text(self, name: str) -> str:
        """A text."""
        value = self._fields.get(name)
        return value if isinstance(value, str) else self._fail(name, "a text", value)

    def count(self, name: str, least: int = 0) -> int:
        """A whole number from `least` on."""
        value = self._fields.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value >= least:
            return value
        return self._fail(name, f"a whole number from {least} on", value)

    def number(self, name: str) -> float:
        """A number."""
        value = self._fields.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return value
        return self._fail(name, "a number", value)

    def flag(self, name: str) -> bool:
        """True or false; false where it is not there."""
        value = self._fields.get(name, False)
        return value if isinstance(value, bool) else self._fail(name, "true or false", value)

    def one_of(self, name: str, words: tuple[str, ...]) -> str:
        """One of some words."""
        value = self._fields.get(name)
        if isinstance(value, str) and value in words:
            return value
        return self._fail(name, f"one of {', '.join(words)}", value)

    def has(self, name: str) -> bool:
        """Whether there is such a field, which is not null."""
        return self._fields.get(name) is not None

    def names(self) -> list[str]:
        """The names of all fields."""
        return list(self._fields)

    def items(self, name: str) -> list[object]:
        """A list."""
        value = self._fields.get(name)
        return value if isinstance(value, list) else self._fail(name, "a list", value)

    def each(self, name: str, read: Callable[["Fields"], T]) -> tuple[T, ...]:
        """A list of objects, each as `read` gives it."""
        return tuple(
            read(Fields(item, f"{self._at(name)}[{k}]", self._error))
            for k, item in enumerate(self.items(name))
        )

    def within(self, name: str) -> "Fields":
        """An object."""
        return Fields(self._fields.get(name), self._at(name), self._error)

    def fail(self, name: str, expected: str) -> Never:
        """Raises what says that a field is not as it should be."""
        self._fail(name, expected, self._fields.get(name))

    def _at(self, name: str) -> str:
        return f"{self.path}.{name}" if name else self.path

    def _fail(self, name: str, expected: str, found: object) -> Never:
        shown = repr(found) if found is not None else "nothing"
        raise self._error(f"{self._at(name)}: expected {expected}, found {shown[:80]}")
