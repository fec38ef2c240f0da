"""Processes: what a forked child must neither use nor destroy.

gRPC does not survive a fork. A call in the child hangs for ever, whatever its timeout, and a channel that the
child closes breaks for its parent too: https://github.com/grpc/grpc/blob/master/doc/fork_support.md. So a
child is told at once what to do, and leaves what it has inherited as it is.
"""

from __future__ import annotations

import ctypes
import os
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar
from weakref import WeakSet

from vxdata.schemas.errors import ForkedProcess

if TYPE_CHECKING:
    from collections.abc import Callable

Value = TypeVar("Value")


class Inherited(Protocol):
    """Something that a fork may copy into a child, where it must not be used: it is the parent's."""

    def leave_to_parent(self) -> None:
        """In a forked child: let go of what belongs to the parent, without ending it."""


class _Network:
    """Whether gRPC is used in this process, and whether an ancestor used it before a fork."""

    is_used = False
    is_inherited = False


HOLDERS: Final[WeakSet[Inherited]] = WeakSet()
"""Whoever holds native objects, or the end of a pipe."""


def use_network() -> None:
    """Take notice that this process is about to use gRPC.

    Raises:
        ForkedProcess: It was forked from one that did, so that every call would hang.
    """
    if _Network.is_inherited:
        msg = (
            "This process was forked from one that had called a VxData server, and gRPC does not work in "
            "such a process. Start worker processes by 'spawn' or 'forkserver', as in "
            "multiprocessing.get_context('spawn') or DataLoader(…, multiprocessing_context='spawn'); clients "
            "and queries can be passed to them. Or fork before the first call of any client."
        )
        raise ForkedProcess(msg, process=os.getpid(), parent=os.getppid())
    _Network.is_used = True


def keep_for_ever(native: object) -> None:
    """Never destroy an object, even when the process ends.

    Args:
        native: An object whose end would reach into the parent process.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(native))


def _after_fork() -> None:
    _Network.is_inherited = _Network.is_inherited or _Network.is_used
    for holder in list(HOLDERS):
        holder.leave_to_parent()
    HOLDERS.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class per_process(Generic[Value]):  # noqa: N801 - read like `cached_property`
    """An attribute that is made once in each process, at its first use; a forked child makes its own.

    Args:
        make: Makes the value.
    """

    def __init__(self, make: Callable[[Any], Value]) -> None:
        """Keep the function."""
        self._make = make
        self.__doc__ = make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        """Choose where the value is kept."""
        self._name = f"_{name}_of_process"

    def __get__(self, instance: Any, owner: type | None = None) -> Value:
        """Return the value of this process."""
        kept: tuple[int, Value] | None = instance.__dict__.get(self._name)
        if kept is None or kept[0] != os.getpid():
            kept = os.getpid(), self._make(instance)
            instance.__dict__[self._name] = kept
        return kept[1]
