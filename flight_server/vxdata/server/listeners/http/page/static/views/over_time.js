/** Rows by month of a date or an instant. */

import { withTerm } from "../conditions.js";
import { html, useMemo } from "../html.js";
import { useLines } from "../lines.js";
import { useAppState } from "../state.js";
import { titleOf } from "../words.js";
import { rowsOf } from "./bar_table.js";
import { Chart } from "./chart.js";

/** Most months of a picture. */
const MOST = 2400;

/** @param {{x: import("../catalog.js").FieldInfo}} properties */
export function OverTime({ x }) {
  const { plan } = useAppState();
  const where = withTerm(plan.where, { op: "is_not_null", field: x.name });
  const { rows, error } = useLines(
    "over_time",
    rowsOf({ ...plan, where }, {
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
      isTime=${true}
      isLine=${true}
    />
  `;
}
