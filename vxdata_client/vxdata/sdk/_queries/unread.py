"""What has rows at the server, and none here: it has neither a truth value nor a length."""

from __future__ import annotations

from typing import ClassVar, NoReturn


class Unread:
    """A question whose answer has not been fetched."""

    __slots__ = ()

    _noun: ClassVar[str]
    """What it is called."""

    _counted: ClassVar[str]
    """What its rows are called."""

    def __bool__(self) -> NoReturn:
        """Refuse: `if question:` would always be true.

        Raises:
            TypeError: Always.
        """
        msg = f"a {self._noun} has no truth value of its own; ask {self._noun}.exists()."
        raise TypeError(msg)

    def __len__(self) -> NoReturn:
        """Refuse: a length that asks the server would be called by accident.

        Raises:
            TypeError: Always.
        """
        noun = self._noun
        msg = f"a {noun} has no len; {noun}.count() asks the server for the number of {self._counted}."
        raise TypeError(msg)
