"""Subjects, files and projects."""

from __future__ import annotations

from typing import Final

import polars as pl

from vxdata.cli.cda import vocabulary as words
from vxdata.cli.cda.draws import Choices, Draws
from vxdata.cli.cda.schema import FILE, PROJECT, SOURCES, SUBJECT

MAIN_SOURCES: Final = Choices({"cds": 26, "gdc": 32, "icdc": 2, "idc": 34, "pdc": 5.8, None: 0.2})
"""The source that a subject comes from first of all; a few come from none that is known."""

FURTHER_SOURCES: Final = {"cds": 0.05, "gdc": 0.1, "icdc": 0.002, "idc": 0.12, "pdc": 0.03}
"""Share of the subjects of another source that a source holds as well."""

FILELESS: Final = 0.14
"""Share of the subjects that have no file."""

OWNERLESS: Final = 0.01
"""Share of the files that describe no subject."""


def subjects(seed: int, size: int) -> pl.DataFrame:
    """Make up subjects.

    Args:
        seed: What they follow from.
        size: How many.

    Returns:
        Columns of the table `subject`.
    """
    draws = Draws(seed, "subject")
    main = draws.pick("main", size, MAIN_SOURCES)
    born = 1925 + draws.below("born", size, 90)
    cause = draws.pick("cause", size, words.CAUSES_OF_DEATH)
    lived = 1 + draws.below("lived", size, 85)
    frame = pl.DataFrame(
        {
            "id_alias": pl.int_range(size, eager=True),
            "site": draws.below("site", size, 97),
            "main": main,
            "species": draws.pick("species", size, words.SPECIES),
            "year_of_birth": draws.holes("born", born, 0.3),
            "year_of_death": born + lived,
            "cause_of_death": cause,
            "race": draws.pick("race", size, words.RACES),
            "ethnicity": draws.pick("ethnicity", size, words.ETHNICITIES),
            **{
                f"data_at_{name}": (main == name).fill_null(value=False)
                | (draws.chance(name, size, share) & main.is_not_null())
                for name, share in FURTHER_SOURCES.items()
            },
        }
    )
    number = pl.col("id_alias").cast(pl.String).str.zfill(6)
    commons = pl.col("main").str.to_uppercase().fill_null("CDA")
    return frame.with_columns(
        id=pl.format("{}.{}.{}", commons, pl.col("site"), number),
        crdc_id=pl.when(pl.col("main") == "gdc").then(pl.format("crdc:s:{}", number)),
        species=pl.when(pl.col("data_at_icdc")).then(pl.lit("dog")).otherwise("species"),
        year_of_death=pl.when(pl.col("cause_of_death").is_not_null()).then("year_of_death"),
        data_source_count=source_count(),
    ).select(SUBJECT.polars_schema.names())


def source_count() -> pl.Expr:
    """The number of sources that hold a row."""
    return pl.sum_horizontal(pl.col(f"data_at_{name}").cast(pl.Int32) for name in SOURCES)


def one_source(draws: Draws, of: pl.DataFrame, shared: float) -> dict[str, pl.Series]:
    """Choose the source of rows among those of their subjects, and for a share of the rows a second one.

    Args:
        draws: Random numbers.
        of: The subjects, one for each row.
        shared: Share of the rows that two sources hold.

    Returns:
        The columns of sources.
    """
    size = of.height
    rank = pl.DataFrame(
        {
            name: draws.uniform(f"rank {name}", size) + of[f"data_at_{name}"].cast(pl.Float64)
            for name in SOURCES
        }
    )
    best = rank.select(pl.concat_list(SOURCES).list.arg_max()).to_series()
    second = (best + 1 + draws.below("second", size, len(SOURCES) - 1)) % len(SOURCES)
    has_second = draws.chance("shared", size, shared)
    columns = {
        f"data_at_{name}": (best == place) | ((second == place) & has_second)
        for place, name in enumerate(SOURCES)
    }
    return {**columns, "data_source_count": has_second.cast(pl.Int32) + 1}


def files(seed: int, subject: pl.DataFrame, size: int, shared: float) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Make up files, and say which subject each describes first of all.

    Args:
        seed: What they follow from.
        subject: The subjects.
        size: How many files.
        shared: Share of the files that two sources hold.

    Returns:
        Columns of the table `file`; and of `file_describes_subject`, without further subjects of files.
    """
    draws = Draws(seed, "file")
    with_files = draws.order("owners", subject.height).head(max(1, round(subject.height * (1 - FILELESS))))
    # The square of a uniform number: the first owners have hundreds of files, the last about two.
    rank = (draws.uniform("owner", size).pow(2) * len(with_files)).floor().cast(pl.Int64)
    owner = with_files.gather(rank)
    kind = draws.pick("kind", size, words.FILE_KINDS).str.split("|")
    number = pl.Series(range(size), dtype=pl.Int64)
    frame = pl.DataFrame(
        {
            "id_alias": number,
            "owner": owner,
            "stem": draws.below("stem", size, 16**8),
            "access": draws.pick("access", size, words.ACCESSES),
            "size": draws.holes("size", (10 ** (1 + draws.uniform("size", size) * 9)).cast(pl.Int64), 0.01),
            **{name: kind.list.get(place) for place, name in enumerate(("category", "type", "format"))},
            "instance_count": 1 + draws.below("instances", size, 600),
            **one_source(draws, subject[owner], shared),
        }
    )
    linked = frame.filter(~draws.chance("ownerless", size, OWNERLESS))
    return _named(frame), linked.select(file_alias="id_alias", subject_alias="owner")


def _named(frame: pl.DataFrame) -> pl.DataFrame:
    """Give files their names, and take away what files of their kind do not have."""
    code = pl.format("{}-{}", pl.col("stem").cast(pl.String), "id_alias")
    is_image = pl.col("format") == "DICOM"
    by_hash = ~pl.col("data_at_idc")
    kinds = [pl.col(name).replace("", None) for name in ("category", "type", "format")]
    return frame.with_columns(
        *kinds,
        id=pl.format("file.{}", code),
        crdc_id=pl.when(pl.col("data_at_idc")).then(pl.format("crdc:f:{}", code)),
        name=pl.format("{}'s {}.{}", "id_alias", "category", pl.col("format").str.to_lowercase()),
        description=pl.when(pl.col("id_alias") % 3 == 0).then(pl.format("Größe {} Byte, 100%", "size")),
        drs_uri=pl.when(pl.col("id_alias") % 50 > 0).then(pl.format("drs://dg.4DFC:{}", code)),
        checksum_type=pl.when(by_hash).then(pl.lit("md5")),
        checksum_value=pl.when(by_hash).then(pl.col("stem").mul(2_654_435_761).cast(pl.String).str.zfill(20)),
        instance_count=pl.when(is_image).then("instance_count"),
    ).select(FILE.polars_schema.names())


def projects(seed: int, size: int) -> pl.DataFrame:
    """Make up projects.

    Args:
        seed: What they follow from.
        size: How many.

    Returns:
        Columns of the table `project`.
    """
    draws = Draws(seed, "project")
    main = draws.pick("main", size, Choices({"gdc": 40, "icdc": 5, "idc": 40, "pdc": 15}))
    frame = pl.DataFrame(
        {
            "id_alias": pl.int_range(size, eager=True),
            "main": main,
            "type": draws.pick("type", size, words.PROJECT_TYPES),
            **{f"data_at_{name}": (main == name) | draws.chance(name, size, 0.05) for name in SOURCES},
        }
    )
    short = pl.format("{}-{}", pl.col("main").str.to_uppercase(), "id_alias")
    return frame.with_columns(
        id=pl.format("{}.{}", "main", "id_alias"),
        crdc_id=pl.when(pl.col("id_alias") % 2 == 0).then(pl.format("crdc:p:{}", "id_alias")),
        name=pl.format("The {} of children's tumours, n° {}", "type", pl.col("id_alias") // 2),
        short_name=pl.when(pl.col("id_alias") % 5 > 0).then(short),
        data_source_count=source_count(),
    ).select(PROJECT.polars_schema.names())
