"""Where objects lie on the disk: one place each, never outside of the folder."""

from __future__ import annotations

import ntpath
import os
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from vxdata.schemas.errors import InvalidBlobUrl
from vxdata.schemas.types.object_url import ObjectUrl
from vxdata.sdk._storage.local_paths import MAX_NAME_LENGTH, place_of

LETTERS = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="/")
DEVICES = st.sampled_from(["con", "Prn", "AUX", "nul", "COM1", "lpt9", "COM²", "conin$", "CONOUT$", "LPT0"])
NAMES = (
    st.text(LETTERS, min_size=1, max_size=12)
    | st.text("%~.*2Ea ", min_size=1, max_size=6)
    | st.builds("".join, st.tuples(DEVICES, st.text(". a:x", max_size=4)))
)
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


def is_reserved(name: str) -> bool:
    """Whether Windows refuses a name or means something else by it, as Python knows it."""
    if hasattr(ntpath, "isreserved"):  # from Python 3.13 on
        return bool(ntpath.isreserved(name))
    return PureWindowsPath(name).is_reserved() or name[-1] in ". " or bool(set(name) & set('<>:"|?*\\/'))


@given(key=KEYS)
def test_windows_takes_all_names(key: str) -> None:
    place = place_of(allowed(key), Path("/dest"))
    assert not [part for part in place.parts[1:] if is_reserved(part)]


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("CON", "%43ON"),
        ("nul.nii", "%6Eul.nii"),
        ("Aux .tar.gz", "%41ux .tar.gz"),
        ("COM¹", "%43OM¹"),
        ("conin$", "%63onin$"),
        ("CONTROL", "CONTROL"),
        ("a.nul", "a.nul"),
        ("a.", "a%2E"),
        ("a..", "a.%2E"),
        ("a ", "a%20"),
        (" a", " a"),
        ('<>:"|?*\\', "%3C%3E%3A%22%7C%3F%2A%5C"),
        ("50%", "50%25"),
        (".vxdata-0.part", "%2Evxdata-0.part"),  # as unfinished files are called
    ],
)
def test_what_some_system_refuses_is_escaped_on_all(name: str, written: str) -> None:
    assert place_of(ObjectUrl("bucket", f"{name}/a"), Path("/dest")).parts[-2:] == (written, "a")


def test_buckets_that_are_called_as_devices_of_windows() -> None:
    assert place_of(ObjectUrl("nul", "a"), Path("dest")) == Path("dest/%6Eul/a")
    assert place_of(ObjectUrl("nul.data", "a"), Path("dest")) == Path("dest/%6Eul.data/a")


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
