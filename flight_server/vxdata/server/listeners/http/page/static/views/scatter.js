/** Two numbers of each row against each other. */

import { withTerm } from "../conditions.js";
import { html, useMemo } from "../html.js";
import { useLines } from "../lines.js";
import { useAppState } from "../state.js";
import { counted, titleOf } from "../words.js";
import { rowsOf } from "./bar_table.js";
import { Chart } from "./chart.js";

/** Most points of a picture. */
const MOST = 2000;

/** @param {{x: import("../catalog.js").FieldInfo, y: import("../catalog.js").FieldInfo | undefined}} properties */
export function Scatter({ x, y }) {
  const { plan } = useAppState();
  const names = y ? [x.name, y.name] : [];
  const where = names.map((field) => ({ op: "is_not_null", field })).reduce(withTerm, plan.where);
  const read = y && x !== y ? rowsOf({ ...plan, where }, { select: names, limit: MOST }) : null;
  const { rows, error } = useLines("scatter", read);
  const points = useMemo(
    () => (rows && y ? rows.map((row) => [Number(row[x.name]), Number(row[y.name])]).sort(([a = 0], [b = 0]) => a - b) : []),
    [rows, x, y],
  );
  const xs = useMemo(() => points.map(([value]) => value ?? 0), [points]);
  const ys = useMemo(() => points.map(([, value]) => value ?? 0), [points]);
  if (!y || x === y) return html`<p class="none">Choose two different fields.</p>`;
  if (error) return html`<p class="mistake" role="alert">${error.message}</p>`;
  if (!rows) return html`<p class="none">Reading …</p>`;
  return html`
    <p class="by" role="status">${counted(points.length, "row")} with both values${points.length === MOST ? ", the first ones" : ""}.</p>
    <${Chart} label=${`${titleOf(y.name)} by ${titleOf(x.name)}`} xs=${xs} ys=${ys} x=${axisOf(x)} y=${axisOf(y)} />
  `;
}

/** @param {import("../catalog.js").FieldInfo} field */
const axisOf = (field) => `${titleOf(field.name)}${field.unit ? ` (${field.unit})` : ""}`;
