"""The beginning of every child: it becomes the account, dies with its parent, and turns into the program.

Run as a program of its own, with nothing but the standard library. A `preexec_fn` could do the
same between fork and exec, but there a lock that another thread held at the fork is held for ever: a child
has been seen to wait for the interpreter's own, and the thread that started it waited for the child.

Arguments: the signal that the death of the parent sends, the parent's process id, the user and group ids to
change to (or empty), and then the command line. The environment of the command comes as JSON in the variable
`ENVIRONMENT`, since command lines can be read by everybody.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys

ENVIRONMENT = "VXDATA_CHILD_ENVIRONMENT"
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_ORPHANED = 70  # any status will do: no process is left to read it
_NOT_STARTED = 127  # as a shell says it


def main(death_signal: str, parent: str, user: str, group: str, *argv: str) -> None:
    """Become the program; return only by an error."""
    environment = json.loads(os.environ[ENVIRONMENT])
    if user:
        os.setgroups([])
        os.setgid(int(group))
        os.setuid(int(user))
    os.umask(0o077)
    # Behind the change of user, which clears it.
    _die_with_parent(int(death_signal), int(parent))
    for ignored_by_python in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(ignored_by_python, signal.SIG_DFL)
    os.execve(argv[0], argv, environment)  # noqa: S606 - the caller chose the program


def _die_with_parent(death_signal: int, parent: int) -> None:
    """Have a signal sent when the thread that started this process ends; other systems than Linux have none.

    There, children outlive a ``kill -9`` of the supervisor, and the next start names them.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:  # it died before the signal was armed
        os._exit(_ORPHANED)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as error:
        sys.stderr.write(f"cannot start {sys.argv[5]}: {error}\n")
        sys.exit(_NOT_STARTED)
