"""`vxdata token`: the bearer tokens of a database, for those who may write in it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr, ValidationError
from rich.console import Console
from rich.table import Table

from vxdata.cli.console import console
from vxdata.cli.options import DataDir
from vxdata.cli.running import start_stack
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.errors.messages import did_you_mean
from vxdata.schemas.identifiers import normalise_all
from vxdata.schemas.identity import Grants, Role
from vxdata.schemas.violations import said_of
from vxdata.server.catalog_settings import NAME
from vxdata.server.config import Settings
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.database.upgrade import require_current
from vxdata.server.embedded import default_data_dir
from vxdata.server.embedded.connecting import RunningPostgres
from vxdata.server.embedded.errors import NoServerRuns
from vxdata.server.embedded.secrets import write_private
from vxdata.server.identities.owner import FILE, OWNER
from vxdata.server.identities.token_store import StoredToken, TokenStore

commands = typer.Typer(no_args_is_help=True)

DatabaseUri = Annotated[
    str | None,
    typer.Option(
        help="libpq URI of the database of `vxdata serve`, instead of the data of `vxdata up`.",
        envvar="VXDATA_DATABASE_URI",
        show_envvar=True,
        show_default=False,
    ),
]
Name = Annotated[str, typer.Argument(help="Name of the token, which is that of its user.")]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output", help="File to write the token to, readable by its owner only; by default standard output."
    ),
]


@commands.callback()
def token() -> None:
    """Make and revoke the tokens that identify callers."""


@commands.command()
def create(  # noqa: PLR0913, PLR0917 - an option for each limit
    name: Name,
    role: Annotated[Role, typer.Option(help="What its user may do.")] = Role.READER,
    read: Annotated[
        list[str] | None,
        typer.Option(help="Data source whose resources are visible; can be repeated. By default all."),
    ] = None,
    write: Annotated[
        list[str] | None,
        typer.Option(
            help="One of these whose resources may also be written; can be repeated. By default all."
        ),
    ] = None,
    resource_type: Annotated[
        list[str] | None,
        typer.Option("--type", help="Resource type that is visible; can be repeated. By default all."),
    ] = None,
    license_: Annotated[
        list[str] | None,
        typer.Option(
            "--license", help="Licence whose resources are visible; can be repeated. By default all."
        ),
    ] = None,
    catalog: Annotated[
        list[str] | None,
        typer.Option(help="Catalog that is visible, as NAME or NAME.TABLE; can be repeated. By default all."),
    ] = None,
    days: Annotated[
        int | None,
        typer.Option(min=1, max=36_500, help="Days after which it expires.", show_default="never"),
    ] = None,
    output: Output = None,
    data_dir: DataDir = None,
    database_uri: DatabaseUri = None,
) -> None:
    """Make a token, and print it once: the database keeps only a digest of it.

    Limits on records do not limit catalogs, nor the other way round: a warning says what is left open.
    Others name data sources and licences that no resource has yet, and catalogs that are not in the settings,
    since a server may have them all the same.
    """
    grants = _grants(read, write, resource_type, license_, catalog)
    if output is not None and output.exists():
        msg = f"{output} exists, and may hold the token of another user; name a new file"
        raise typer.BadParameter(msg, param_hint="--output")
    expires_at = None if days is None else datetime.now(UTC) + timedelta(days=days)
    warnings = _of_unknown(grants.catalogs)  # before a token is made: settings may be refused
    with _store(data_dir, database_uri) as store:
        _hand_out(store.create(name, role, grants, expires_at), output)
        warnings += [
            f"Warning: no resource has {each!r} at present. The token sees such resources once there are any."
            for each in store.unmatched(grants, registry())
        ]
    _tell_unlimited(grants)
    for warning in warnings:
        console.print(warning)


@commands.command("list")
def list_(data_dir: DataDir = None, database_uri: DatabaseUri = None) -> None:
    """Show all tokens, revoked ones included."""
    with _store(data_dir, database_uri) as store:
        stored = store.stored()
    table = Table("name", "role", "state", "expires", "last used", "grants", box=None)
    for each in stored:
        limits = "everything" if not _limits(each) else "limited"
        table.add_row(
            each.name, each.role, _state(each), _day(each.expires_at), _day(each.last_used_at), limits
        )
    Console(width=200 if not sys.stdout.isatty() else None).print(table)


@commands.command()
def show(name: Name, data_dir: DataDir = None, database_uri: DatabaseUri = None) -> None:
    """Show what is kept of a token: its role, its grants, when it expires and was used."""
    with _store(data_dir, database_uri) as store:
        found = store.find(name)
    for title, value in (
        ("name", found.name),
        ("id", found.id),
        ("role", found.role.value),
        ("state", _state(found)),
        ("created", _instant(found.created_at)),
        ("expires", _instant(found.expires_at)),
        ("last used", _instant(found.last_used_at)),
        ("revoked", _instant(found.revoked_at)),
        ("grants", found.grants.model_dump_json(exclude_none=True) if _limits(found) else "everything"),
    ):
        sys.stdout.write(f"{title}: {value}\n")


@commands.command()
def rotate(
    name: Name, output: Output = None, data_dir: DataDir = None, database_uri: DatabaseUri = None
) -> None:
    """Make a token anew, with the same role and grants; the earlier one holds no longer."""
    _refuse_owner(name, data_dir, database_uri)
    with _store(data_dir, database_uri) as store:
        _hand_out(store.rotate(name), output)


@commands.command()
def revoke(name: Name, data_dir: DataDir = None, database_uri: DatabaseUri = None) -> None:
    """Revoke a token; every server of the database refuses it within two seconds."""
    _refuse_owner(name, data_dir, database_uri)
    with _store(data_dir, database_uri) as store:
        store.revoke(name)
    console.print(f"Revoked: {name}.")


@contextmanager
def _store(data_dir: Path | None, database_uri: str | None) -> Iterator[TokenStore]:
    """The tokens that are meant; PostgreSQL is started for as long as it takes if it does not run."""
    with _database(data_dir, database_uri) as uri, closing(ConnectionPool(uri, size=1)) as database:
        require_current(database, registry())
        yield TokenStore(database)


@contextmanager
def _database(data_dir: Path | None, database_uri: str | None) -> Iterator[SecretStr]:
    if database_uri is not None and data_dir is None:
        yield SecretStr(database_uri)
        return
    folder = data_dir or default_data_dir()
    try:
        running = RunningPostgres.find(folder)
    except NoServerRuns:
        if not folder.is_dir():
            raise
    else:
        yield running.uri
        return
    with start_stack(folder) as stack:
        yield stack.postgres_uri


def _grants(
    read: list[str] | None,
    write: list[str] | None,
    types: list[str] | None,
    licenses: list[str] | None,
    catalogs: list[str] | None,
) -> Grants:
    known = registry()
    for name in types or ():
        known.get(name)
    tables: dict[str, list[str] | None] = {}
    for written in catalogs or ():
        name, dot, table = written.partition(".")
        if not NAME.fullmatch(name) or (dot and not table):
            msg = f"{written!r} is no catalog: give NAME or NAME.TABLE"
            raise typer.BadParameter(msg, param_hint="--catalog")
        if not dot:
            tables[name] = None
        elif (named := tables.setdefault(name, [])) is not None:
            named.append(table)
    try:
        return Grants(
            read=None if read is None else tuple(normalise_all(known, read, "datasource")),
            write=None if write is None else tuple(normalise_all(known, write, "datasource")),
            types=None if types is None else tuple(types),
            licenses=None if licenses is None else tuple(licenses),
            catalogs=None
            if catalogs is None
            else {name: None if found is None else tuple(found) for name, found in tables.items()},
        )
    except ValidationError as error:
        raise typer.BadParameter(said_of(error.errors(include_url=False)[0])) from None


def _tell_unlimited(grants: Grants) -> None:
    """Tell what limits on the one kind of data leave open of the other."""
    are_records_limited = any(part is not None for part in (grants.read, grants.types, grants.licenses))
    if grants.catalogs is not None and not are_records_limited:
        console.print("It sees all records beside the catalogs: --read, --type and --license limit these.")
    elif are_records_limited and grants.catalogs is None:
        console.print("It sees all catalogs that a server has: --catalog limits these.")


def _of_unknown(catalogs: Iterable[str] | None) -> list[str]:
    """Warn of catalogs that the settings do not name; only those of a server decide what there is."""
    if catalogs is None:
        return []
    known = Settings().catalogs
    there_are = {name: did_you_mean(name, list(known)) if known else "They name none." for name in catalogs}
    return [
        f"Warning: the settings name no catalog {name!r}. {told} "
        "The token sees it where a server has a catalog of this name."
        for name, told in there_are.items()
        if name not in known
    ]


def _refuse_owner(name: str, data_dir: Path | None, database_uri: str | None) -> None:
    """Refuse to change the owner's token, which `vxdata up` keeps in a file."""
    if name == OWNER and (database_uri is None or data_dir is not None):
        path = (data_dir or default_data_dir()) / FILE
        msg = f"`vxdata up` keeps this token: to have it made anew, remove {path} and start it again"
        raise typer.BadParameter(msg, param_hint="NAME")


def _hand_out(made: SecretStr, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(f"{made.get_secret_value()}\n")
        console.print("This token is shown once: keep it where nobody else can read it.")
    else:
        write_private(output, f"{made.get_secret_value()}\n")
        console.print(f"Written: {output}.")


def _limits(stored: StoredToken) -> bool:
    return bool(stored.grants.model_dump(exclude_none=True))


def _state(stored: StoredToken) -> str:
    if stored.revoked_at is not None:
        return "revoked"
    return "valid" if stored.holds_at(datetime.now(UTC)) else "expired"


def _day(instant: datetime | None) -> str:
    return "never" if instant is None else instant.astimezone(UTC).date().isoformat()


def _instant(instant: datetime | None) -> str:
    return "never" if instant is None else instant.astimezone(UTC).isoformat(timespec="seconds")
