"""Where objects lie on the disk: one place each, never outside of the folder."""

from __future__ import annotations

import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from vxdata.schemas.errors import InvalidBlobUrl
from vxdata.schemas.types.object_url import ObjectUrl
from vxdata.sdk._storage.local_paths import MAX_NAME_LENGTH, STALE_SECONDS, place_of, remove_stale, whole_file

LETTERS = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="/")
SHM = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there
NAMES = st.text(LETTERS, min_size=1, max_size=12) | st.text("%~.*2Ea", min_size=1, max_size=6)
KEYS = st.lists(NAMES.filter(lambda name: name not in {".", "..", "*"}), min_size=1).map("/".join)


def allowed(key: str) -> ObjectUrl:
    return ObjectUrl.parse(f"s3://bucket/{key}")


@given(key=KEYS)
def test_no_key_leaves_the_folder(key: str) -> None:
    place = place_of(allowed(key), Path("/dest"))
    assert place.is_relative_to("/dest/bucket")
    assert ".." not in place.parts
    assert Path(os.path.normpath(place)) == place
    assert all(len(part.encode()) <= 255 for part in place.parts)


@given(first=KEYS, second=KEYS)
def test_two_objects_never_share_a_place(first: str, second: str) -> None:
    one, other = allowed(first), allowed(second)
    assume(one != other)
    assert place_of(one, Path("/dest")) != place_of(other, Path("/dest"))


def test_long_names_stay_apart_and_keep_their_ending() -> None:
    urls = [ObjectUrl("bucket", f"{'ä' * 400}{number}.nii") for number in range(2)]
    places = [place_of(url, Path("/dest")) for url in urls]
    assert places[0] != places[1]
    assert all(place.suffix == ".nii" and len(place.name.encode()) <= MAX_NAME_LENGTH for place in places)


def test_buckets_stay_apart() -> None:
    assert place_of(ObjectUrl("one", "a"), Path()) != place_of(ObjectUrl("two", "a"), Path())


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://bucket/key", "not of the form"),
        ("file:///etc/passwd", "not of the form"),
        ("S3://bucket/key", "not of the form"),
        ("s3://bucket", "not of the form"),
        ("s3://bu/key", "not of the form"),
        ("s3://Bucket/key", "not of the form"),
        ("s3://user@bucket/key", "not of the form"),
        ("s3:///key", "not of the form"),
        ("s3://bucket/", "whole bucket"),
        ("s3://bucket/*", "whole bucket"),
        ("s3://bucket//a", "empty part"),
        ("s3://bucket/a//b", "empty part"),
        ("s3://bucket/a//", "empty part"),
        ("s3://bucket/../../etc/passwd", r"part \. or \.\."),
        ("s3://bucket/a/..", r"part \. or \.\."),
        ("s3://bucket/a/../*", r"part \. or \.\."),
        ("s3://bucket/./a", r"part \. or \.\."),
        ("s3://bucket/a\0b", "control characters"),
        ("s3://bucket/a\nb", "control characters"),
        ("s3://bucket/a\u2028b", "control characters"),
        ("s3://bucket/a\ud800b", "not Unicode"),
        (f"s3://bucket/{'a' * 1_025}", "longer than 1,024 bytes"),
        (f"s3://bucket/{'ä' * 513}", "longer than 1,024 bytes"),
    ],
)
def test_urls_that_are_refused(url: str, problem: str) -> None:
    with pytest.raises(InvalidBlobUrl, match=problem) as caught:
        ObjectUrl.parse(url)
    assert caught.value.details["urls"] == [url]


@pytest.mark.parametrize(
    "key", ["a b", "a#b?c=d", "100%", "%2e%2e/a", "..a/b..", "ä/你好", "a*", "a/*b", "x" * 1_024]
)
def test_keys_that_are_taken_as_they_are(key: str) -> None:
    url = ObjectUrl.parse(f"s3://bucket/{key}")
    assert (url.bucket, url.key, url.is_prefix) == ("bucket", key, False)
    assert ObjectUrl.parse(str(url)) == url


def test_only_the_last_folder_is_a_hash() -> None:
    word = "0123456789abcdef" * 4
    assert ObjectUrl("bucket", f"group/{word}/a.nii").sha256 == word
    for key in (word, f"{word}/folder/a.nii", f"{word.upper()}/a.nii", f"{word}0/a.nii"):
        assert ObjectUrl("bucket", key).sha256 is None


def interrupted(target: Path) -> None:
    with whole_file(target, target.parent) as unfinished:
        unfinished.write_text("half")
        raise KeyboardInterrupt


class TestUnfinishedFiles:
    def test_get_their_name_at_the_end(self, tmp_path: Path) -> None:
        target = tmp_path / "new" / "folder" / "a"
        with whole_file(target, tmp_path) as unfinished:
            unfinished.write_text("whole")
            assert list(target.parent.iterdir()) == [], "whoever reads the folder meets whole files only"
            assert unfinished.parent == tmp_path
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == [target]
        assert target.read_text() == "whole"

    @pytest.mark.skipif(not SHM.is_dir(), reason="the system has no second disk that is always there")
    def test_lie_on_the_disk_of_the_file(self, tmp_path: Path) -> None:
        """A folder below may be a link to another disk, to which nothing can be renamed."""
        with TemporaryDirectory(dir=SHM) as other:
            (tmp_path / "bucket").symlink_to(other)
            with whole_file(tmp_path / "bucket" / "a", tmp_path) as unfinished:
                unfinished.write_text("whole")
            assert [path.read_text() for path in Path(other).iterdir()] == ["whole"]

    def test_are_removed_on_failure_and_leave_what_was_there(self, tmp_path: Path) -> None:
        target = tmp_path / "a"
        target.write_text("before")
        with pytest.raises(KeyboardInterrupt):
            interrupted(target)
        assert list(tmp_path.iterdir()) == [target]
        assert target.read_text() == "before"

    def test_of_dead_processes_are_removed_and_those_of_others_are_not(self, tmp_path: Path) -> None:
        dead, alive, other = tmp_path / ".vxdata-1.part", tmp_path / ".vxdata-2.part", tmp_path / "other.part"
        for path in (dead, alive, other):
            path.write_text("half")
        long_ago = time.time() - STALE_SECONDS - 1
        os.utime(dead, (long_ago, long_ago))
        os.utime(other, (long_ago, long_ago))
        remove_stale(tmp_path)
        remove_stale(tmp_path / "missing")
        assert sorted(tmp_path.iterdir()) == [alive, other]

    def test_are_no_names_that_objects_get(self) -> None:
        place = place_of(ObjectUrl("bucket", "a/.vxdata-0.part"), Path("/dest"))
        assert place.name == "%2Evxdata-0.part"
