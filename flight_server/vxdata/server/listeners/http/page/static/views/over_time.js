/** Rows by month of a date or an instant. */

import { withTerm } from "../conditions.js";
import { html, useMemo } from "../html.js";
import { useLines } from "../lines.js";
import { rowsOf } from "../plans.js";
import { useShared } from "../shared.js";
import { titleOf } from "../words.js";
import { narrow } from "./bar_table.js";
import { Chart } from "./chart.js";

/** Most months of a picture. */
const MOST = 2400;

/** @param {{x: import("../catalog.js").FieldInfo}} properties */
export function OverTime({ x }) {
  const { asked } = useShared();
  const where = withTerm(asked.where, { op: "is_not_null", field: x.name });
  const { rows, error } = useLines(
    "over_time",
    rowsOf({ ...asked, where }, {
      group_by: [
        { field: x.name, part: "year", name: "year" },
        { field: x.name, part: "month", name: "month" },
      ],
      aggregates: [{ function: "count", name: "rows" }],
      order_by: [{ field: "year" }, { field: "month" }],
      limit: MOST,
    }),
  );
  const xs = useMemo(() => (rows ?? []).map(({ year, month }) => Date.UTC(year, month - 1) / 1000), [rows]);
  const ys = useMemo(() => (rows ?? []).map((row) => Number(row.rows)), [rows]);
  const texts = useMemo(() => (rows ?? []).map(({ year, month }) => `${year}-${String(month).padStart(2, "0")}`), [rows]);
  if (error) return html`<p class="mistake" role="alert">${error.message}</p>`;
  if (!rows) return html`<p class="none">Counting …</p>`;
  if (rows.length === 0) return html`<p class="none">No row has a value.</p>`;
  return html`
    <${Chart}
      label=${`Rows by month of ${titleOf(x.name)}`}
      xs=${xs}
      ys=${ys}
      texts=${texts}
      x=${titleOf(x.name)}
      y="rows"
      of="month"
      pick=${(/** @type {number} */ index) => narrow(monthOf(x.name, rows[index] ?? {}))}
      title=${(/** @type {string} */ text) => `Only ${titleOf(x.name)} in ${text}`}
      isTime=${true}
      isLine=${true}
    />
  `;
}

/**
 * The condition that a field lies in a month.
 * @param {string} field
 * @param {Record<string, any>} month
 */
const monthOf = (field, { year, month }) => ({
  op: "and",
  terms: [
    { op: "==", field, part: "year", value: year },
    { op: "==", field, part: "month", value: month },
  ],
});
