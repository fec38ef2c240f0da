"""The one distribution is sound: every part is a typed package, and the SDK stands without the server."""

from __future__ import annotations

import importlib
import importlib.metadata
import pkgutil
import re
import subprocess
import sys
from types import ModuleType

import pytest

from tools.tree import TOP, settings
from vxdata.schemas.installation import IMPORT_NAMES, install_command, packages_of

PORTIONS = {
    "vxdata.cli": "cli/vxdata/cli",
    "vxdata.schemas": "schemas/vxdata/schemas",
    "vxdata.sql": "sql/vxdata/sql",
    "vxdata.server": "flight_server/vxdata/server",
    "vxdata.sdk": "vxdata_client/vxdata/sdk",
    "vxp_client": "vxdata_client/vxp_client",
}
PUBLIC = ("vxdata.sdk", "vxp_client")
PROJECT = settings()["project"]


def distribution_name(requirement: str) -> str:
    """`Foo_bar[x]>=1` -> `foo-bar`."""
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name, requirement
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def server_only_modules() -> list[str]:
    """Import names of everything that only the extras bring."""
    extras = {distribution_name(r) for group in PROJECT["optional-dependencies"].values() for r in group}
    return sorted(
        module
        for module, owners in importlib.metadata.packages_distributions().items()
        if module.isidentifier() and {distribution_name(owner) for owner in owners} & extras
    )


def import_name(distribution: str) -> str:
    """The name under which a distribution is imported."""
    return IMPORT_NAMES.get(distribution, distribution.replace("-", "_"))


def run_without_extras(code: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter in which importing a dependency of the server fails."""
    block = "".join(f"sys.modules[{name!r}] = None\n" for name in server_only_modules())
    return subprocess.run(
        [sys.executable, "-c", f"import sys\n{block}{code}"],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )


BESIDE = {"adbc_driver_duckdb"}
"""Modules that come with a distribution of the extra and that no part of ours imports."""


def modules_with_a_list() -> list[ModuleType]:
    """Every module of every part that declares `__all__`."""
    names = [
        found.name
        for part in PORTIONS
        for found in pkgutil.walk_packages(importlib.import_module(part).__path__, f"{part}.")
        if not found.name.endswith(".__main__")
    ]
    modules = [importlib.import_module(name) for name in (*PORTIONS, *names)]
    return [module for module in modules if hasattr(module, "__all__")]


@pytest.mark.parametrize("folder", PORTIONS.values())
def test_every_part_is_a_typed_package(folder: str) -> None:
    assert (TOP / folder / "__init__.py").is_file()
    assert (TOP / folder / "py.typed").is_file()


def test_the_extras_are_found_under_their_import_names() -> None:
    assert {"sqlglot", "adbc_driver_postgresql", "adbc_driver_manager", "typer"} <= set(server_only_modules())


@pytest.mark.parametrize("name", [*PUBLIC, "vxdata.schemas"])
def test_the_client_imports_without_the_server_extra(name: str) -> None:
    done = run_without_extras(f"import {name}")
    assert done.returncode == 0, done.stderr


def test_the_command_names_the_extra_it_misses() -> None:
    module, function = PROJECT["scripts"]["vxdata"].split(":")
    done = run_without_extras(
        f"sys.argv = ['vxdata', 'up']\nfrom {module} import {function}\nsys.exit({function}())"
    )
    assert done.returncode != 0
    assert done.stderr.endswith(f": {install_command('server')}\n")
    assert "Traceback" not in done.stderr


def test_the_command_knows_every_package_of_the_extra() -> None:
    declared = {import_name(distribution_name(r)) for r in PROJECT["optional-dependencies"]["server"]}
    assert packages_of("server") == declared
    assert {"cachetools", "xxhash", "sqlglot", "adbc_driver_manager", "pydantic_settings"} <= declared


def test_the_import_names_of_the_extra_follow_from_its_distributions() -> None:
    for module, owners in importlib.metadata.packages_distributions().items():
        for owner in {import_name(distribution_name(owner)) for owner in owners} & packages_of("server"):
            is_public = module.isidentifier() and not module.startswith("_") and module not in BESIDE
            assert module == owner or not is_public


def test_the_contract_of_the_client_forbids_every_package_of_the_extras() -> None:
    contracts = settings()["tool"]["importlinter"]["contracts"]
    (client,) = (c for c in contracts if c["name"] == "The client needs no server dependency")
    public = {name for name in server_only_modules() if not name.startswith("_")}
    assert public | packages_of("server") <= set(client["forbidden_modules"])


@pytest.mark.parametrize("name", PUBLIC)
def test_public_packages_list_all_they_offer(name: str) -> None:
    module = importlib.import_module(name)
    offered = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert offered - {"TYPE_CHECKING", "annotations"} <= set(module.__all__)


def test_every_list_is_true() -> None:
    """Their order is ruff's concern (RUF022)."""
    for module in modules_with_a_list():
        names = module.__all__
        assert len(names) == len(set(names)), module.__name__
        missing = [name for name in names if not hasattr(module, name)]
        assert not missing, f"{module.__name__} lists {missing}"


def test_the_version_is_stated_once() -> None:
    assert importlib.metadata.version("vxdata") == PROJECT["version"]


def test_the_constraints_are_plain_versions_and_cover_what_is_declared() -> None:
    lines = [
        line for line in (TOP / "constraints.txt").read_text(encoding="utf-8").splitlines() if line[:1] != "#"
    ]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!_-]+", line) for line in lines)
    pinned = {distribution_name(line.split("==")[0]) for line in lines}
    groups = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    groups += settings()["dependency-groups"].values()
    declared = {distribution_name(r) for group in groups for r in group if isinstance(r, str)}
    assert declared <= pinned, f"run `make constraints`: {sorted(declared - pinned)}"
