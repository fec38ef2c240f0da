"""Settings: one frozen object, read once from the environment and a file."""

from __future__ import annotations

import ipaddress
import os
import threading
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from vxdata.server.access_settings import AccessSettings
from vxdata.server.catalog_settings import CatalogsByName
from vxdata.server.limits import DEFAULT_LIMITS, Limits

CONFIG_VARIABLE = "VXDATA_CONFIG"
"""Environment variable that names the settings file, in TOML."""


def _network(written: str) -> str:
    """Refuse what is no address: uvicorn would take it for a name that no caller has."""
    ipaddress.ip_network(written)
    return written


Network = Annotated[str, AfterValidator(_network)]
"""An IP address or a network, such as ``10.0.0.0/8``."""


class Settings(AccessSettings, BaseSettings):
    """How the server runs.

    Each setting is read from the environment as ``VXDATA_<NAME>``, else from the TOML file that
    ``VXDATA_CONFIG`` names, else it has the default shown here.
    """

    # An input that is refused may be a secret, such as a URI under a misspelt name.
    model_config = SettingsConfigDict(
        env_prefix="VXDATA_", frozen=True, extra="forbid", hide_input_in_errors=True
    )

    host: str = Field("127.0.0.1", description="Address to listen on; loopback unless told otherwise.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(8815, description="Flight port; 0 picks a free one.")
    http_port: Annotated[int, Field(ge=0, le=65535)] = Field(
        8816, description="Port of HTTP: health checks, and the CDA API of catalogs; 0 picks a free one."
    )
    http_hosts: tuple[str, ...] = Field(
        (),
        description="Host names under which the server answers over HTTP, as a JSON list; `*` stands for "
        "any. By default a server on loopback answers only to addresses and `localhost`, others to every "
        "name.",
    )
    http_proxies: tuple[Network, ...] = Field(
        (),
        description="Addresses or networks of trusted proxies, as a JSON list: their headers "
        "`X-Forwarded-For` and `X-Forwarded-Proto` tell the caller and the scheme of a request over HTTP; "
        "none by default.",
    )
    http_root_path: Annotated[str, Field(pattern="^(/[A-Za-z0-9._~-]+)*$")] = Field(
        "",
        description="Path prefix, such as `/vxdata`, under which a proxy serves HTTP and which it strips "
        "from requests.",
    )
    authentication: Literal["required", "off"] = Field(
        "required",
        description="`required`: callers must authenticate. `off`: everybody who reaches the ports of the "
        "server is an administrator.",
    )
    database_uri: SecretStr | None = Field(
        None,
        description=(
            "libpq URI of the PostgreSQL database. A connection pooler in between must pool sessions, "
            "not transactions."
        ),
    )
    read_uri: SecretStr | None = Field(
        None,
        description=(
            "libpq URI of the same database for a role that may only read, so that PostgreSQL itself refuses "
            "writes. `vxdata db upgrade` grants the role its rights; `vxdata up` has such a role. By "
            "default, reads use `VXDATA_DATABASE_URI`, in read-only transactions."
        ),
    )
    catalogs: CatalogsByName = Field(
        {},
        description="Further databases, whose tables are read by reflection: a JSON object of names, each "
        'with an object `{"uri": …, "schema": "public", "api": "cda" or "none", "release": …}`; '
        "[Other databases, and the CDA API](cda.md) explains them.",
    )
    s3_url: str | None = Field(None, description="Endpoint of the S3 service; AWS where not set.")
    s3_bucket: str | None = Field(
        None, description="Bucket that holds the blobs of this database, and of no other."
    )
    s3_buckets: tuple[str, ...] = Field(
        (), description="Further buckets whose blobs clients may read through the server, as a JSON list."
    )
    s3_public_buckets: tuple[str, ...] = Field(
        (),
        description="Public buckets that clients may read, as a JSON list: they are read without "
        "credentials.",
    )
    s3_public_url: str | None = Field(
        None, description="Endpoint of the S3 service of the public buckets; AWS where not set."
    )
    s3_public_region: str = Field("us-east-1", description="Region of the public buckets.")
    s3_region: str = Field("us-east-1", description="Region of the S3 service.")
    s3_access_key: str | None = Field(None, description="S3 access key.")
    s3_secret_key: SecretStr | None = Field(None, description="S3 secret key.")
    pool_size: Annotated[int, Field(ge=1, le=1000)] = Field(
        16,
        description="Most database connections of queries, and so most queries that run at a time. One "
        "caller has no more of them than are free for others: half, if nobody else asks.",
    )
    lookup_pool_size: Annotated[int, Field(ge=1, le=1000)] = Field(
        8,
        description="Most database connections of point lookups and health checks, in addition to those of "
        "queries, for which they never have to wait.",
    )
    writer_pool_size: Annotated[int, Field(ge=1, le=1000)] = Field(
        8,
        description="Most database connections of writers, in addition to those of readers; more writers "
        "queue. One caller has no more of them than are free for others.",
    )
    max_calls: Annotated[int, Field(ge=1)] = Field(
        1000,
        description="Calls in progress, at most. Unknown callers share 32 more.",
    )
    max_calls_each: Annotated[int, Field(ge=1)] = Field(
        500, description="Calls in progress of one caller, at most."
    )
    max_connections: Annotated[int, Field(ge=16)] = Field(
        1000,
        description="Network connections of clients, at most; fewer if the process may open fewer files. "
        "Beyond that, connections without a call in progress are closed.",
    )
    pool_wait: Annotated[float, Field(gt=0)] = Field(
        60.0, description="Seconds that a call waits for a database connection."
    )
    query_limit: Annotated[float, Field(gt=0, le=2_000_000)] = Field(
        3600.0,
        description="Seconds that the statement of a query may run. If readers have kept it waiting for "
        "half of that, the rest of the result is written to disk, and they read it from there.",
    )
    query_temp_bytes: Annotated[int, Field(ge=1024**2)] | None = Field(
        None,
        description="Bytes of temporary files of one PostgreSQL process, at most. If unset, PostgreSQL's "
        "own `temp_file_limit` applies: a sixteenth of the free disk for `vxdata up`; elsewhere none by "
        "default. The role needs `GRANT SET ON PARAMETER temp_file_limit`.",
    )
    upload_idle: Annotated[float, Field(gt=0, le=threading.TIMEOUT_MAX)] = Field(
        120.0, description="Seconds that an upload may be silent between two sections before it is refused."
    )
    upload_limit: Annotated[float, Field(gt=0)] = Field(
        3600.0, description="Seconds that an upload may take to arrive before it is refused."
    )
    clock_ahead: Annotated[float, Field(gt=0, le=1e10)] = Field(
        3600.0,
        description="Seconds that a commit may be stamped ahead of the newest time that is known to be "
        "right, before it is refused.",
    )
    clock_idle: Annotated[float, Field(gt=0, le=1e10)] = Field(
        31 * 86_400.0,
        description="Longest time in seconds between the last commit and the start of the server; after "
        "more, an administrator has to confirm that the clock is right.",
    )
    spool_dir: Path | None = Field(
        None,
        description="Folder for uploads that are still arriving, and for results that wait for their "
        "readers; by default that of temporary files.",
    )
    spool_bytes: Annotated[int, Field(ge=0)] = Field(
        64 * 1024**3,
        description="Bytes in that folder, at most; an upload that does not fit is refused.",
    )
    free_space_dir: Path | None = Field(
        None,
        description="Folder on the database's disk, whose free space is checked before each write; `vxdata "
        "up` uses its data directory.",
    )
    free_space_bytes: Annotated[int, Field(ge=0)] = Field(
        1024**3,
        description="Free bytes on that disk below which writes are refused and results not cached; below "
        "half of them, running writes are ended. 0: never.",
    )
    stall_yield: Annotated[float, Field(ge=0)] = Field(
        2.0,
        description="Seconds that a query may wait for its readers in all. After that, if other queries "
        "wait for a connection, the rest of its result is written to disk.",
    )
    header_bytes: Annotated[int, Field(ge=1024, le=16384)] = Field(
        DEFAULT_LIMITS.header_bytes,
        description="Bytes of the headers of a call, at most; gRPC itself refuses more than 8 to 16 KiB.",
    )
    ticket_bytes: Annotated[int, Field(ge=1024, le=DEFAULT_LIMITS.ticket_bytes)] = Field(
        DEFAULT_LIMITS.ticket_bytes, description="Bytes of a ticket, or of a plan in a descriptor, at most."
    )
    message_bytes: Annotated[int, Field(ge=1024**2, le=2**31 - 1)] = Field(
        DEFAULT_LIMITS.message_bytes,
        description="Bytes of a message of an upload, inflated, and of the body of an action, at most.",
    )
    section_bytes: Annotated[int, Field(ge=1024**2)] = Field(
        DEFAULT_LIMITS.section_bytes,
        description="Bytes of a record batch of an upload, inflated, at most; checked before it is inflated.",
    )
    section_rows: Annotated[int, Field(ge=1)] = Field(
        DEFAULT_LIMITS.section_rows, description="Rows of a record batch of an upload, at most."
    )
    section_columns: Annotated[int, Field(ge=1, le=100_000)] = Field(
        DEFAULT_LIMITS.section_columns, description="Columns of a section of an upload, at most."
    )
    upload_sections: Annotated[int, Field(ge=1)] = Field(
        DEFAULT_LIMITS.upload_sections, description="Record batches of one upload, at most."
    )
    stall_limit: Annotated[float, Field(gt=0)] = Field(
        300.0, description="Seconds that a batch may wait for its reader before the query is ended."
    )
    cache_dir: Path | None = Field(
        None,
        description="Folder of the result cache, for this server only; if unset, no results are cached.",
    )
    cache_bytes: Annotated[int, Field(ge=0)] = Field(
        8 * 1024**3,
        description="Bytes of the result cache, at most; least recently used entries go first. A result is "
        "kept when its query is asked for the second time. 0: no cache.",
    )
    answer_bytes: Annotated[int, Field(ge=1024**2)] = Field(
        8 * 1024**3,
        description="Bytes of the files of answers with addresses, at most; of those that nobody is "
        "reading, the least recently used go first. They are in `answers`, in the folder of the result "
        "cache or else of temporary files.",
    )
    answer_plans: Annotated[int, Field(ge=1, le=10_000_000)] = Field(
        100_000,
        description="Answers that have addresses, at most; `vxdata db answers` removes unused ones.",
    )
    answer_plan_bytes: Annotated[int, Field(ge=1024, le=DEFAULT_LIMITS.ticket_bytes)] = Field(
        1024**2, description="Bytes of the plan of an answer that gets an address, at most."
    )
    copies: bool = Field(
        True,  # noqa: FBT003 - pydantic's default
        description="Whether columnar copies of the database are kept, in `copies` in the folder of the "
        "result cache; without that folder there are none. [Columnar copies](columnar-copies.md) explains "
        "them.",
    )
    copy_bytes: Annotated[int, Field(ge=1024**2)] = Field(
        64 * 1024**3,
        description="Bytes of the file of the copies, at most; a database that needs more is not copied.",
    )
    copy_memory_bytes: Annotated[int, Field(ge=64 * 1024**2)] | None = Field(
        None,
        description="Bytes of memory of the copies, at most, and no less than 64 MiB; by default an eighth "
        "of the machine's, from 256 MiB to 8 GiB.",
    )
    copy_threads: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        None,
        description="Threads that queries of the copies share; by default as many as the server has cores.",
    )
    copy_queries: Annotated[int, Field(ge=1, le=1000)] = Field(
        16,
        description="Queries that the copies answer at a time, at most. One caller has no more of these "
        "places than are free for others.",
    )
    audit_dir: Path | None = Field(
        None,
        description="Folder of the audit, for this server only: a record of each read, write and refusal. "
        "`vxdata up` uses `audit` in its data directory; if unset, no audit is kept. [The "
        "audit](security/audit.md) describes the records.",
    )
    audit_bytes: Annotated[int, Field(ge=4096)] = Field(
        64 * 1024**2, description="Bytes after which a file of the audit is followed by a new one."
    )
    audit_days: Annotated[int, Field(ge=1, le=100_000)] | None = Field(
        None, description="Days for which files of the audit are kept; by default for ever."
    )
    audit_required: bool = Field(
        True,  # noqa: FBT003 - pydantic's default
        description="Whether calls are refused while the audit cannot be written.",
    )
    rate_calls: Annotated[int, Field(ge=1)] | None = Field(
        None, description="Calls of one principal in a minute, at most; any number if unset."
    )
    daily_rows: Annotated[int, Field(ge=1)] | None = Field(
        None, description="Rows that one principal may read in a day; any number if unset."
    )
    daily_bytes: Annotated[int, Field(ge=1)] | None = Field(
        None,
        description="Bytes that one principal may be sent in a day, those of Flight before compression; any "
        "number if unset.",
    )
    grace: Annotated[float, Field(ge=0)] = Field(
        30.0, description="Seconds that calls in progress have left when the server is told to stop."
    )
    allow_purge: bool = Field(False, description="Whether clients may purge: remove versions for good.")  # noqa: FBT003 - pydantic's default
    log_level: str = Field(
        "INFO",
        description="Least severe level that is logged.",
        pattern="^(DEBUG|INFO|WARNING|ERROR|CRITICAL)$",
    )
    log_json: bool = Field(False, description="Whether log lines are JSON instead of text for people.")  # noqa: FBT003 - pydantic's default

    @property
    def limits(self) -> Limits:
        """The limits on what clients send."""
        return Limits(**{limit.name: getattr(self, limit.name) for limit in fields(Limits)})

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings passes all by name
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings passes all by name
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, which wins over the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, _config_file())


def _config_file() -> Path | None:
    """The settings file; one that is named must be there, though pydantic-settings would go on without."""
    name = os.environ.get(CONFIG_VARIABLE)
    if not name:
        return None
    path = Path(name).expanduser()
    if not path.is_file():
        msg = f"{CONFIG_VARIABLE} names {name}, which is not a file."
        raise FileNotFoundError(msg)
    return path
