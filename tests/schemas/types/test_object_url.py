"""The rule for S3 URLs: the same for one text, for a column and for a model."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from vxdata.schemas.create import ArtefactCreate, VolumeCreate
from vxdata.schemas.errors import InvalidBlobUrl, ValidationFailed
from vxdata.schemas.types.object_url import MAX_KEY_BYTES, NO_URL, ObjectUrl, problem_of, problems_of
from vxdata.schemas.types.pydantic import S3Url, S3UrlOrFile
from vxdata.schemas.update import ArtefactUpdate, VolumeUpdate

REFUSED: Final = {
    "": NO_URL,
    "/etc/passwd": NO_URL,
    "s3://bucket": NO_URL,
    "s3://bu/key": NO_URL,
    "s3://bucket\n/key": NO_URL,
    "s3://bücket/key": NO_URL,
    "s3://-bucket/key": NO_URL,
    f"s3://{'b' * 64}/key": NO_URL,
    "s3://bucket/": "it names a whole bucket",
    "s3://bucket//": "it names a whole bucket",
    "s3://bucket/*": "it names a whole bucket",
    "s3://bucket//*": "it names a whole bucket",
    "s3://bucket/a//x": "its key has an empty part",
    "s3://bucket//x": "its key has an empty part",
    "s3://bucket/a//": "its key has an empty part",
    "s3://bucket/a//*": "its key has an empty part",
    "s3://bucket/../x": "its key has a part . or ..",
    "s3://bucket/a/..": "its key has a part . or ..",
    "s3://bucket/a/./*": "its key has a part . or ..",
    "s3://bucket/.": "its key has a part . or ..",
    "s3://bucket/./": "its key has a part . or ..",
    "s3://bucket/a\n": "its key has control characters",
    "s3://bucket/a\tb": "its key has control characters",
    "s3://bucket/a\x7fb": "its key has control characters",
    "s3://bucket/a\x85b": "its key has control characters",
    "s3://bucket/a\u2028b": "its key has control characters",
    "s3://bucket/a\u2029": "its key has control characters",
    f"s3://bucket/{'k' * (MAX_KEY_BYTES + 1)}": "its key is longer than",
    f"s3://bucket/{'k' * (MAX_KEY_BYTES + 1)}/*": "its key is longer than",
    f"s3://abc/{'ä' * (MAX_KEY_BYTES // 2)}k": "its key is longer than",
    f"s3://abc/{'🩻' * (MAX_KEY_BYTES // 4)}k": "its key is longer than",
}
ALLOWED: Final = [
    "s3://abc/k",
    f"s3://{'b' * 63}/{'k' * MAX_KEY_BYTES}",
    f"s3://abc/{'k' * MAX_KEY_BYTES}",
    f"s3://bucket/{'k' * (MAX_KEY_BYTES - 1)}/*",
    f"s3://{'b' * 63}/{'ä' * (MAX_KEY_BYTES // 2)}",
    f"s3://bucket/{'🩻' * (MAX_KEY_BYTES // 4)}",
    "s3://bucket/prefix/",
    "s3://bucket/prefix/*",
    "s3://bucket/a*",
    "s3://bucket/**",
    "s3://bucket/*a",
    "s3://bucket/*/",
    "s3://bucket/*/*",
    "s3://bucket/*/a",
    "s3://bucket/...",
    "s3://bucket/..*",
    "s3://bucket/.*",
    "s3://bucket/..a/b../.c",
    "s3://bucket/a b#c?d=%2e%2e",
    "s3://bucket/你好/e\u0301.nii",
    "s3://bu..ck-.et/a",
]

CHARACTERS: Final = "/.*abé🩻 %#?\n\t\x00\x7f\x80\x85\x9f\xa0\u2027\u2028\u2029\u202a"
WORDS: Final = st.sampled_from(
    [*CHARACTERS, "..", "/*", "//", "/../", "s3://", "S3://", "bucket", "k" * 255, "k" * 1_000, "ä" * 500]
)
URLS: Final = st.builds("s3://bucket/{}".format, st.lists(WORDS, max_size=7).map("".join)) | st.lists(
    WORDS, max_size=5
).map("".join)
NEAR_THE_LIMIT: Final = st.builds(
    lambda bucket, letter, size, end: f"s3://{bucket}/{letter * (size // len(letter.encode()))}{end}",
    st.sampled_from(["abc", "b" * 63]),
    st.sampled_from("kä🩻"),
    st.integers(MAX_KEY_BYTES - 4, MAX_KEY_BYTES + 4),
    st.sampled_from(["", "k", "/", "/*", "*"]),
)
MODELS: Final[list[TypeAdapter[Any]]] = [TypeAdapter(S3Url), TypeAdapter(S3UrlOrFile)]


def model_takes(model: TypeAdapter[Any], url: str) -> bool:
    try:
        return bool(model.validate_python(url, strict=True) == url)
    except ValidationError:
        return False


@pytest.mark.parametrize(("url", "problem"), REFUSED.items())
def test_what_is_refused_is_refused_everywhere_with_its_problem(url: str, problem: str) -> None:
    (found,) = problems_of(pa.array([url])).to_pylist()

    assert problem in found
    assert found == problem_of(url)
    with pytest.raises(InvalidBlobUrl) as caught:
        ObjectUrl.parse(url)
    assert caught.value.details["problem"] == found
    for model, values in (
        (VolumeUpdate, {"path_nii": url}),
        (
            VolumeCreate,
            {"identifier": "a", "parent_identifier": "patient/a", "license": "x", "path_nii": url},
        ),
        (ArtefactUpdate, {"files": {"a": "s3://bucket/a", "b": url}}),
        (ArtefactCreate, {"identifier": "a", "files": {"b": url}}),
    ):
        with pytest.raises(ValidationFailed) as failed:
            model(**values)
        assert [each["problem"].endswith(found) for each in failed.value.violations] == [True]


@pytest.mark.parametrize("url", ALLOWED)
def test_what_is_allowed_is_allowed_everywhere(url: str) -> None:
    assert problem_of(url) is None
    assert problems_of(pa.array([url, None])).to_pylist() == [None, None]
    assert [model_takes(model, url) for model in MODELS] == [True, True]
    assert ObjectUrl.parse(url).bucket == url.split("/")[2]


@given(urls=st.lists(URLS | NEAR_THE_LIMIT | st.text() | st.sampled_from(ALLOWED) | st.none(), max_size=8))
@example(urls=["s3://bucket/*", None, "s3://bucket/a"])
def test_one_text_a_column_and_a_model_agree(urls: list[str | None]) -> None:
    problems = [None if url is None else problem_of(url) for url in urls]
    column = pa.array(urls, pa.string())

    assert problems_of(column).to_pylist() == problems
    assert problems_of(column.cast(pa.large_string())[1:]).to_pylist() == problems[1:]
    for url, problem in zip(urls, problems, strict=True):
        if url is not None:
            assert {model_takes(model, url) for model in MODELS} == {problem is None}


def test_lone_surrogates_are_named() -> None:
    """An Arrow column cannot hold them."""
    with pytest.raises(InvalidBlobUrl, match="its key is not Unicode text"):
        ObjectUrl.parse("s3://bucket/a\ud800")
    with pytest.raises(ValidationFailed, match="its key is not Unicode text"):
        VolumeUpdate(path_nii="s3://bucket/a\ud800")


def test_a_column_without_rows_or_values() -> None:
    assert problems_of(pa.array([], pa.string())).to_pylist() == []
    assert problems_of(pa.array([None, None], pa.string())).to_pylist() == [None, None]
