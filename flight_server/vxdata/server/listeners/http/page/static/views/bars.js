/** Rows by the value of a field: their number, or the mean of another field. */

import { html } from "../html.js";
import { useLines } from "../lines.js";
import { rowsOf } from "../plans.js";
import { useShared } from "../shared.js";
import { titleOf, valueText } from "../words.js";
import { BarTable } from "./bar_table.js";

/** Most bars: the longest. */
const MOST = 40;

/** @param {{x: import("../catalog.js").FieldInfo, y: import("../catalog.js").FieldInfo | undefined}} properties */
export function Bars({ x, y }) {
  const { asked } = useShared();
  const isList = x.type === "textlist";
  const grouped = rowsOf(asked, {
    group_by: [isList ? { field: x.name, part: "item", name: x.name } : x.name],
    aggregates: [y ? { function: "mean", field: y.name, name: "measure" } : { function: "count", name: "measure" }],
    order_by: [{ field: "measure", descending: true }],
    limit: MOST,
  });
  const { rows, error } = useLines("bars", grouped);
  if (error) return html`<p class="mistake" role="alert">${error.message}</p>`;
  if (!rows) return html`<p class="none">Counting …</p>`;
  const bars = rows.map((row) => ({
    label: row[x.name] === null ? "no value" : valueText(row[x.name]),
    value: row.measure,
    term: termOf(x.name, row[x.name], isList),
  }));
  const measure = y ? `mean of ${titleOf(y.name)}${y.unit ? ` (${y.unit})` : ""}` : "rows";
  return html`
    <${BarTable} caption=${`${measure} by ${titleOf(x.name)}`} head=${titleOf(x.name)} measure=${measure} bars=${bars} />
    ${rows.length === MOST && html`<p class="by">The first ${MOST} are shown.</p>`}
  `;
}

/**
 * @param {string} field
 * @param {any} value
 * @param {boolean} isList
 */
function termOf(field, value, isList) {
  if (value === null) return { op: "is_null", field };
  return isList ? { op: "contains_any", field, values: [value] } : { op: "==", field, value };
}
