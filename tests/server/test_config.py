"""Settings: where each comes from, which wins, and what is never shown."""

from __future__ import annotations

import sys
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from vxdata.server.config import CONFIG_VARIABLE, Settings
from vxdata.server.logs import configure_logs

if TYPE_CHECKING:
    from pathlib import Path

URI = "postgresql://user:s3kret@host/db"


@pytest.fixture(autouse=True)
def _no_settings_around(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine that runs the tests may be configured for a server of its own."""
    for name in (*Settings.model_fields, "config"):
        monkeypatch.delenv(f"VXDATA_{name.upper()}", raising=False)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A settings file that the environment names."""
    path = tmp_path / "vxdata.toml"
    path.write_text(f'database_uri = "{URI}"\nport = 1\nhttp_port = 1\npool_size = 1\n', "utf-8")
    monkeypatch.setenv(CONFIG_VARIABLE, str(path))
    return path


def test_defaults_are_safe() -> None:
    settings = Settings()
    assert settings.host == "127.0.0.1"
    assert settings.database_uri is None


def test_arguments_win_over_the_environment_over_the_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VXDATA_HTTP_PORT", "2")
    monkeypatch.setenv("VXDATA_PORT", "2")
    settings = Settings(port=3)
    assert (settings.port, settings.http_port, settings.pool_size) == (3, 2, 1)
    assert settings.database_uri is not None
    assert settings.database_uri.get_secret_value() == URI


def test_frozen() -> None:
    with pytest.raises(ValidationError):
        Settings().port = 1  # type: ignore[misc]


@pytest.mark.parametrize("content", ["databse_uri", "database-uri"])
def test_an_unknown_key_is_refused_without_showing_its_value(file: Path, content: str) -> None:
    file.write_text(f'{content} = "{URI}"\n', "utf-8")
    with pytest.raises(ValidationError, match=content) as caught:
        Settings()
    assert "s3kret" not in str(caught.value)


def test_an_unknown_argument_is_refused() -> None:
    with pytest.raises(ValidationError):
        Settings(colour="red")  # type: ignore[call-arg]


def test_a_file_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CONFIG_VARIABLE, str(tmp_path / "missing.toml"))
    with pytest.raises(FileNotFoundError, match=r"VXDATA_CONFIG names .*missing\.toml"):
        Settings()
    monkeypatch.setenv(CONFIG_VARIABLE, "")
    assert Settings().port == Settings.model_fields["port"].default


def test_a_file_that_is_not_toml(file: Path) -> None:
    file.write_text("port 1", "utf-8")
    with pytest.raises(tomllib.TOMLDecodeError):
        Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", -1),
        ("port", 65536),
        ("port", "http"),
        ("pool_size", 0),
        ("pool_wait", 0),
        ("writer_pool_size", 0),
        ("upload_idle", 0),
        ("upload_idle", 1e12),
        ("upload_idle", "nan"),
        ("grace", -1),
        ("log_level", "loud"),
        ("log_level", "FOO"),
        ("log_json", "perhaps"),
    ],
)
def test_out_of_range(monkeypatch: pytest.MonkeyPatch, name: str, value: Any) -> None:
    monkeypatch.setenv(f"VXDATA_{name.upper()}", str(value))
    with pytest.raises(ValidationError, match=name):
        Settings()


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"])
def test_every_level_can_be_configured(level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import structlog  # noqa: PLC0415

    monkeypatch.setattr(sys, "tracebacklimit", 1000, raising=False)  # so that it is put back
    before = structlog.get_config()
    configure_logs(Settings(log_level=level).log_level)
    structlog.configure(**before)


def test_secrets_are_not_shown() -> None:
    settings = Settings(database_uri=URI, s3_secret_key="s3kret")  # type: ignore[arg-type]
    for shown in (repr(settings), str(settings), str(settings.model_dump()), settings.model_dump_json()):
        assert "s3kret" not in shown


def test_every_setting_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


class TestCatalogs:
    def test_each_has_a_name_and_an_address(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("VXDATA_CATALOGS", f'{{"cda": {{"uri": "{URI}", "schema": "x", "api": "cda"}}}}')
        found = Settings().catalogs["cda"]
        assert (found.uri.get_secret_value(), found.schema_name, found.api) == (URI, "x", "cda")
        assert "s3kret" not in repr(Settings())

    def test_arguments_join_those_of_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("VXDATA_CATALOGS", '{"a": {"uri": "1", "schema": "x"}, "b": {"uri": "2"}}')
        settings = Settings(catalogs={"a": {"uri": "3"}, "c": {"uri": "4"}})  # type: ignore[dict-item]
        uris = {name: each.uri.get_secret_value() for name, each in settings.catalogs.items()}
        assert uris == {"a": "3", "b": "2", "c": "4"}
        assert settings.catalogs["a"].schema_name == "x"

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            (f'{{"Cda": {{"uri": "{URI}"}}}}', "the name Cda is none"),
            (f'{{"{URI}": {{"uri": "x"}}}}', "the name of a catalog is none"),
            (f'{{"v1": {{"uri": "{URI}"}}}}', "the name v1 is reserved"),
            (f'{{"cda": {{"uri": "{URI}", "shema": "x"}}}}', "Extra inputs"),
            (f'{{"cda": "{URI}"}}', "dictionary"),
            (URI, 'field "catalogs"'),
        ],
    )
    def test_what_is_refused_is_not_shown(
        self, monkeypatch: pytest.MonkeyPatch, text: str, problem: str
    ) -> None:
        monkeypatch.setenv("VXDATA_CATALOGS", text)
        with pytest.raises(ValueError, match=problem) as caught:
            Settings()
        assert "s3kret" not in str(caught.value)
