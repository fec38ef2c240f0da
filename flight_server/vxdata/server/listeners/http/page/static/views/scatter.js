/** Two numbers of each row against each other. */

import { withTerm } from "../conditions.js";
import { html, useMemo } from "../html.js";
import { useLines } from "../lines.js";
import { rowsOf } from "../plans.js";
import { useShared } from "../shared.js";
import { update } from "../state.js";
import { counted, titleOf } from "../words.js";
import { Chart } from "./chart.js";

/** Most points of a picture. */
const MOST = 2000;

/** @param {{x: import("../catalog.js").FieldInfo, y: import("../catalog.js").FieldInfo | undefined}} properties */
export function Scatter({ x, y }) {
  const { asked } = useShared();
  const names = y ? [x.name, y.name] : [];
  const where = names.map((field) => ({ op: "is_not_null", field })).reduce(withTerm, asked.where);
  const read = y && x !== y ? rowsOf({ ...asked, where }, { select: ["identifier", ...names], limit: MOST }) : null;
  const { rows, error } = useLines("scatter", read);
  const points = useMemo(
    () => (rows && y ? rows.map((row) => ({ name: String(row.identifier), x: Number(row[x.name]), y: Number(row[y.name]) })) : []),
    [rows, x, y],
  );
  const sorted = useMemo(() => points.toSorted((one, other) => one.x - other.x), [points]);
  const xs = useMemo(() => sorted.map((point) => point.x), [sorted]);
  const ys = useMemo(() => sorted.map((point) => point.y), [sorted]);
  if (!y || x === y) return html`<p class="none">Choose two different fields.</p>`;
  if (error) return html`<p class="mistake" role="alert">${error.message}</p>`;
  if (!rows) return html`<p class="none">Reading …</p>`;
  if (rows.length === 0) return html`<p class="none">No row has both values.</p>`;
  return html`
    <p class="by" role="status">${counted(points.length, "row")} with both values${points.length === MOST ? ", the first ones" : ""}.</p>
    <${Chart}
      label=${`${titleOf(y.name)} by ${titleOf(x.name)}`}
      xs=${xs}
      ys=${ys}
      x=${axisOf(x)}
      y=${axisOf(y)}
      texts=${sorted.map(({ name }) => name)}
      of="identifier"
      pick=${(/** @type {number} */ index) => update({ resource: sorted[index]?.name ?? null })}
      title=${(/** @type {string} */ name) => name}
    />
  `;
}

/** @param {import("../catalog.js").FieldInfo} field */
const axisOf = (field) => `${titleOf(field.name)}${field.unit ? ` (${field.unit})` : ""}`;
