from __future__ import annotations

import grp
import os
import pwd
from pathlib import Path

import pytest

from vxdata.server.embedded import AccountUnusable, DataDirectoryUnreachable, account
from vxdata.server.embedded.account import Account, choose_account, nobody, prepare_data_dir

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can hand processes to other accounts")

NOBODY = Account("nobody", 65534, 65534, is_service=True)
MYSELF = Account(pwd.getpwuid(os.geteuid()).pw_name, os.geteuid(), os.getegid(), is_service=False)


@pytest.mark.skipif(os.geteuid() == 0, reason="root uses a service account")
def test_an_ordinary_user_runs_the_children_himself(tmp_path: Path) -> None:
    assert choose_account(tmp_path) == MYSELF


@as_root
def test_root_uses_a_service_account(tmp_path: Path) -> None:
    chosen = choose_account(tmp_path / "missing")
    assert chosen.is_service
    assert chosen.uid not in {0, nobody()}
    assert chosen.popen_extra_groups == []


@as_root
def test_without_a_user_vxdata_the_account_is_a_number_that_nobody_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "SERVICE_ACCOUNT", "no-such-user-here")
    chosen = choose_account(tmp_path)
    assert chosen.uid == chosen.gid
    with pytest.raises(KeyError):
        pwd.getpwuid(chosen.uid)
    with pytest.raises(KeyError):
        grp.getgrgid(chosen.gid)
    monkeypatch.setattr(account, "SERVICE_ACCOUNT", "daemon")
    assert choose_account(tmp_path).uid == pwd.getpwnam("daemon").pw_uid


@as_root
def test_root_leaves_existing_data_with_their_owner(open_dir: Path) -> None:
    os.chown(open_dir, 4711, 4712)
    assert choose_account(open_dir) == Account("#4711", 4711, 4712, is_service=True)
    os.chown(open_dir, 0, 0)
    assert choose_account(open_dir).uid not in {0, 4711}


@as_root
def test_data_of_nobody_are_nobodys(open_dir: Path) -> None:
    old, new = open_dir / "old", open_dir / "new"
    old.mkdir()
    new.mkdir()
    os.chown(old, nobody(), nobody())
    assert choose_account(old).uid not in {0, nobody()}
    os.chown(new, 4711, 4712)
    assert (
        choose_account(old, new) == choose_account(new, old) == Account("#4711", 4711, 4712, is_service=True)
    )


@as_root
def test_root_without_any_service_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "SERVICE_ACCOUNT", "no-such-user-here")
    monkeypatch.setattr(account, "_UNNAMED", [pwd.getpwnam("daemon").pw_uid])
    with pytest.raises(AccountUnusable, match="no user no-such-user-here"):
        choose_account(tmp_path / "missing")


def test_a_user_without_a_name_is_refused() -> None:
    with pytest.raises(AccountUnusable, match="/etc/passwd"):
        Account("#4711", 4711, 4711, is_service=False).with_a_name()
    assert MYSELF.with_a_name() == MYSELF


def test_a_service_account_without_a_name_borrows_one_and_keeps_its_group() -> None:
    lent = Account("#4711", 4711, 4712, is_service=True).with_a_name()
    assert pwd.getpwuid(lent.uid).pw_name == lent.name
    assert lent.uid != 0
    assert lent.gid == 4712


def test_a_new_data_directory_is_private(open_dir: Path) -> None:
    prepare_data_dir(open_dir / "a" / "b", MYSELF)
    assert (open_dir / "a" / "b").stat().st_mode & 0o777 == 0o700


@as_root
def test_a_service_account_may_pass_but_not_list(open_dir: Path) -> None:
    prepare_data_dir(open_dir / "data", NOBODY)
    assert (open_dir / "data").stat().st_mode & 0o777 == 0o711
    (open_dir / "data").chmod(0o700)
    prepare_data_dir(open_dir / "data", NOBODY)
    assert (open_dir / "data").stat().st_mode & 0o777 == 0o711


def test_an_empty_directory_becomes_private(open_dir: Path) -> None:
    made = open_dir / "made"
    made.mkdir()
    made.chmod(0o2775)
    prepare_data_dir(made, MYSELF)
    assert made.stat().st_mode & 0o777 == 0o700


@as_root
def test_an_empty_directory_can_be_passed_and_not_listed(open_dir: Path) -> None:
    made = open_dir / "made"
    made.mkdir()
    made.chmod(0o755)
    prepare_data_dir(made, NOBODY)
    assert made.stat().st_mode & 0o777 == 0o711
    assert NOBODY.first_closed(made) is None


def test_a_directory_that_others_use_is_left_open(open_dir: Path) -> None:
    used, sticky = open_dir / "used", open_dir / "sticky"
    for folder, mode in ((used, 0o755), (sticky, 0o1777)):
        folder.mkdir()
        folder.chmod(mode)
    (used / "thesis.odt").touch()
    for folder in (used, sticky):
        before = folder.stat().st_mode
        prepare_data_dir(folder, MYSELF)
        assert folder.stat().st_mode == before


@as_root
def test_a_closed_parent_is_named_and_left_alone(open_dir: Path) -> None:
    closed = open_dir / "it's closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(DataDirectoryUnreachable, match="'nobody'") as caught:
        prepare_data_dir(closed / "data", NOBODY)
    assert caught.value.blocked == closed
    assert closed.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_cannot_be_written(open_dir: Path) -> None:
    open_dir.chmod(0o555)
    for place in (open_dir, open_dir / "data"):
        with pytest.raises(DataDirectoryUnreachable, match="may write to"):
            prepare_data_dir(place, MYSELF)
    open_dir.chmod(0o755)


@as_root
def test_programs_in_closed_directories_cannot_be_executed(open_dir: Path) -> None:
    closed = open_dir / "closed"
    closed.mkdir(mode=0o700)
    (closed / "sh").write_bytes(Path("/bin/sh").read_bytes())
    (closed / "sh").chmod(0o755)
    assert MYSELF.can_execute(closed / "sh")
    assert not NOBODY.can_execute(closed / "sh")
    assert NOBODY.can_execute(Path("/bin/sh"))
    assert not MYSELF.can_execute(Path(__file__).with_name("missing"))
