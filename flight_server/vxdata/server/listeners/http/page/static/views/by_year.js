/** Rows by year of a date or an instant. */

import { html } from "../html.js";
import { useLines } from "../lines.js";
import { rowsOf } from "../plans.js";
import { useShared } from "../shared.js";
import { titleOf } from "../words.js";
import { BarTable } from "./bar_table.js";

/** Most years of a picture. */
const MOST = 400;

/** @param {{x: import("../catalog.js").FieldInfo}} properties */
export function ByYear({ x }) {
  const { asked } = useShared();
  const { rows, error } = useLines(
    "by_year",
    rowsOf(asked, {
      group_by: [{ field: x.name, part: "year", name: "year" }],
      aggregates: [{ function: "count", name: "rows" }],
      order_by: [{ field: "year" }],
      limit: MOST,
    }),
  );
  if (error) return html`<p class="mistake" role="alert">${error.message}</p>`;
  if (!rows) return html`<p class="none">Counting …</p>`;
  const bars = rows.map(({ year, rows: value }) => ({
    label: year === null ? "no value" : String(year),
    value,
    term: year === null ? { op: "is_null", field: x.name } : { op: "==", field: x.name, part: "year", value: year },
  }));
  const title = titleOf(x.name);
  return html`<${BarTable} caption=${`rows by year of ${title}`} head=${title} measure="rows" bars=${bars} />`;
}
