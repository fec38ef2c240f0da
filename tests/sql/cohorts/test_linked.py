"""Entities that others are linked to become one subquery, through a mapping table or a key of their own."""

from __future__ import annotations

from tests.cohorts.example import EXAMPLE
from vxdata.schemas.cohorts import CohortCondition, CohortModel, CohortPlan, Linked, Match, bind_cohort
from vxdata.schemas.cohorts.bound import BoundLinked, Endpoint
from vxdata.schemas.cohorts.paths import Path
from vxdata.sql.cohorts.matching import entity_condition
from vxdata.sql.names import render

MODEL = CohortModel.of(EXAMPLE.schema, EXAMPLE.rows("column_metadata"))


def written(entities: Linked) -> str:
    bound = bind_cohort(CohortPlan(catalog="cda", endpoint="file", entities=entities), MODEL)
    return render(entity_condition(bound.entities, bound.endpoint))


def test_all_of_the_others() -> None:
    assert written(Linked(of=Match())) == (
        '"e"."id_alias" IN (SELECT "m"."file_alias" FROM "public"."file_describes_subject" AS "m" '
        'WHERE "m"."subject_alias" IN (SELECT "e"."id_alias" FROM "public"."subject" AS "e"))'
    )


def test_some_of_the_others() -> None:
    dogs = CohortCondition(column="year_of_birth", op=">", value=2000)
    assert written(Linked(of=Match(match_all=(dogs,)))) == (
        '"e"."id_alias" IN (SELECT "m"."file_alias" FROM "public"."file_describes_subject" AS "m" '
        'WHERE "m"."subject_alias" IN (SELECT "e"."id_alias" FROM "public"."subject" AS "e" '
        'WHERE "e"."year_of_birth" > 2000))'
    )


def test_others_that_name_the_entity_themselves() -> None:
    subject = Endpoint("public", "subject", "id_alias", "bigint")
    file = Endpoint("public", "file", "id_alias", "bigint")
    bound = bind_cohort(CohortPlan(catalog="cda", endpoint="file"), MODEL).entities
    direct = BoundLinked(Path("subject", None, "file", "subject_alias"), file, bound)
    assert render(entity_condition(direct, subject)) == (
        '"e"."id_alias" IN (SELECT "e"."subject_alias" FROM "public"."file" AS "e")'
    )
