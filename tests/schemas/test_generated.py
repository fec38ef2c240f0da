"""Generated files: fresh, and their classes the same as those made at run time."""

from __future__ import annotations

import subprocess
import sys
from inspect import signature
from typing import TYPE_CHECKING, Any

import pytest

from tools.generate.__main__ import OUTPUTS, main, stale_files
from tools.generate.payload_docs import constraint
from tools.generate.python_source import stored_source, value_source
from vxdata.schemas import create, response, update
from vxdata.schemas.fields import Date, Float, Integer, Text, TextList, TextMap
from vxdata.schemas.models import build_models, models_of
from vxdata.schemas.payloads import BUILTIN_PAYLOAD_TYPES

if TYPE_CHECKING:
    from pathlib import Path

MODELS = [model for payload_type in BUILTIN_PAYLOAD_TYPES for model in models_of(payload_type)]
BUILT = [model for payload_type in BUILTIN_PAYLOAD_TYPES for model in build_models(payload_type)]

PAIRS = [
    pytest.param(written, built, id=written.__name__) for written, built in zip(MODELS, BUILT, strict=True)
]


def test_the_generated_files_are_fresh() -> None:
    assert not stale_files()


@pytest.mark.parametrize(("written", "built"), PAIRS)
def test_classes_have_the_same_fields_in_the_same_order(written: Any, built: Any) -> None:
    assert written.__name__ == built.__name__
    assert list(written.model_fields) == list(built.model_fields)
    assert written.resource_type == built.resource_type


@pytest.mark.parametrize(("written", "built"), PAIRS)
def test_fields_have_the_same_types_and_constraints(written: Any, built: Any) -> None:
    for name, field in written.model_fields.items():
        other = built.model_fields[name]
        assert repr(field.annotation) == repr(other.annotation), name
        assert repr(field.metadata) == repr(other.metadata), name
        assert field.is_required() == other.is_required(), name
        assert field.default == other.default, name


@pytest.mark.parametrize(("written", "built"), PAIRS)
def test_fields_behave_the_same(written: Any, built: Any) -> None:
    assert written.model_json_schema()["properties"] == built.model_json_schema()["properties"]


@pytest.mark.parametrize("model", MODELS + BUILT, ids=lambda each: each.__name__)
def test_signatures_and_fields_tell_what_there_is(model: Any) -> None:
    parameters = signature(model).parameters

    assert list(parameters) == list(model.model_fields)
    required = {name for name, parameter in parameters.items() if parameter.default is parameter.empty}
    assert required == {name for name, field in model.model_fields.items() if field.is_required()}
    described = model.model_json_schema()["properties"]
    for name, field in model.model_fields.items():
        assert name == "children" or field.description, name
        assert described[name].get("description") == field.description


def test_the_signature_is_there_before_the_first_model_is_made() -> None:
    script = "import inspect, vxdata.schemas.create as c; print(inspect.signature(c.PatientCreate))"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)

    assert "external_uid" in done.stdout


@pytest.mark.parametrize(("module", "verb"), [(create, "Create"), (update, "Update"), (response, "Response")])
def test_modules_export_every_class(module: Any, verb: str) -> None:
    expected = {f"Resource{verb}", *(f"{each.name}{verb}" for each in BUILTIN_PAYLOAD_TYPES)}

    assert set(module.__all__) == expected
    assert module.__all__ == sorted(module.__all__)
    assert all(hasattr(module, name) for name in expected)


@pytest.mark.parametrize(("written", "built"), PAIRS)
def test_docstrings_describe_every_field_with_its_unit(written: Any, built: Any) -> None:
    text = " ".join((written.__doc__ or "").split())
    declared = next(each for each in BUILTIN_PAYLOAD_TYPES if each.prefix == written.resource_type)

    for field in declared.fields:
        assert f"{field.name}: {field.description}" in text
        assert field.unit is None or f"Unit: {field.unit}." in text


def test_a_stale_file_is_named_and_then_mended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"], top=tmp_path) == 1
    assert "stale: docs/payloads.md" in capsys.readouterr().out
    assert not list(tmp_path.iterdir()), "a check writes nothing"

    assert main([], top=tmp_path) == 0
    assert {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()} == set(OUTPUTS)
    assert main(["--check"], top=tmp_path) == 0

    (tmp_path / "docs" / "payloads.md").write_text("edited by hand", encoding="utf-8")
    capsys.readouterr()
    assert main(["--check"], top=tmp_path) == 1
    assert capsys.readouterr().out.count("stale:") == 1


@pytest.mark.parametrize(
    ("field_type", "source"),
    [
        (Text(), "FreeText"),
        (Text(max_length=5), "Annotated[str, Field(max_length=5), NO_CONTROLS]"),
        (
            Text(max_length=5, pattern=r"^\.$"),
            r'Annotated[str, Field(max_length=5, pattern=r"^\.$"), NO_CONTROLS]',
        ),
        (Integer(), "Int64"),
        (Float(), "FiniteFloat"),
        (Date(), "Day"),
        (TextList(blobs=True), "S3Urls"),
        (TextMap(blobs=True), "S3UrlByName"),
    ],
)
def test_value_types_are_written_as_short_as_they_can_be(field_type: Any, source: str) -> None:
    assert value_source(field_type) == source


def test_a_pattern_with_both_quotes_and_backslashes_is_still_right() -> None:
    pattern = "^[\"'\\\\]$"

    assert repr(pattern) in value_source(Text(pattern=pattern))


def test_stored_types_have_no_constraints() -> None:
    assert stored_source(Integer(ge=0)) == "int"
    assert stored_source(TextMap(blobs=True)) == "dict[str, str]"


@pytest.mark.parametrize(
    ("field_type", "expected"),
    [
        (Text(), ""),
        (Text(pattern="^a|b$"), "`^a\\|b$`"),
        (Integer(ge=1), "≥ 1"),
        (Integer(), ""),
        (Float(gt=0, le=1), "> 0, ≤ 1"),
        (TextList(), ""),
        (TextList(blobs=True), "each a blob URL"),
    ],
)
def test_constraints_on_the_docs_page(field_type: Any, expected: str) -> None:
    assert constraint(field_type) == expected


def test_the_docs_page_has_a_row_for_every_field() -> None:
    page = next(path for path in OUTPUTS if path.suffix == ".md")
    text = OUTPUTS[page](BUILTIN_PAYLOAD_TYPES)

    for payload_type in BUILTIN_PAYLOAD_TYPES:
        section = text.partition(f"\n## {payload_type.name}\n")[2].partition("\n## ")[0]
        rows = [line for line in section.splitlines() if line.startswith("| `")]
        assert len(rows) == len(payload_type.create_fields)
        assert all(len(row.replace("\\|", "").split("|")) == 8 for row in rows)
