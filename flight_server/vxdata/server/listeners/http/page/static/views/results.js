/** How many rows the query finds, and the rows themselves. */

import { html, useMemo } from "../html.js";
import { PAGE, useRows } from "../rows.js";
import { useShared } from "../shared.js";
import { current, update, useAppState } from "../state.js";
import { counted, titleOf, valueText } from "../words.js";
import { Columns } from "./columns.js";
import { MOST, Table } from "./table.js";

/**
 * @typedef {import("../catalog.js").FieldInfo} FieldInfo
 * @typedef {import("./table.js").Column} Column
 */

const NUMBERS = new Set(["integer", "float"]);

/** Widths of columns by type, in characters. */
const WIDTHS = /** @type {Record<string, number>} */ ({ integer: 12, float: 12, boolean: 10, date: 13, timestamp: 30 });
const WIDE = 28;

export function Results() {
  const { plan } = useAppState();
  const { catalog, counting } = useShared();
  const { rows, see } = useRows(plan);
  const first = rows.pages.get(0)?.[0];
  const columns = useMemo(() => columnsOf(first, catalog.type?.fields ?? [], plan), [first, catalog.type, plan.select]);
  const count = counting.answer?.count ?? 0;
  const error = counting.error ?? rows.error;
  const isGrouped = Boolean(plan.group_by) || Boolean(plan.aggregates?.length);
  return html`
    <div class="heading">
      <p class="found" role="status" aria-busy=${counting.isBusy ? "true" : "false"}>
        ${counting.error ? "" : counting.answer ? counted(count, "row") : "Counting …"}
      </p>
      ${count > MOST && html`<p>The first ${counted(MOST, "row")} can be seen here; Export has all.</p>`}
      ${catalog.type && !isGrouped && html`<${Columns} type=${catalog.type} />`}
    </div>
    ${error && html`<p class="mistake" role="alert">${error.message}</p>`}
    ${!error &&
    (counting.answer && count === 0
      ? html`<p class="none">No ${catalog.type?.title ?? "row"} meets these conditions.</p>`
      : html`
          <${Table}
            label="Rows"
            columns=${columns}
            count=${columns.length ? count : 0}
            rowAt=${(/** @type {number} */ index) => rows.pages.get(Math.floor(index / PAGE))?.[index % PAGE]}
            see=${see}
            order=${plan.order_by?.[0]}
            sort=${sortBy}
            cell=${cellOf}
            begins=${JSON.stringify(plan)}
          />
        `)}
  `;
}

/**
 * @param {Record<string, any> | undefined} row
 * @param {FieldInfo[]} fields
 * @param {Record<string, any>} plan
 * @returns {Column[]}
 */
function columnsOf(row, fields, plan) {
  const byName = new Map(fields.map((field) => [field.name, field]));
  const names = row ? Object.keys(row) : (plan.select ?? fields.map(({ name }) => name));
  return names.map((/** @type {string} */ name) => {
    const field = byName.get(name);
    const isNumeric = field ? NUMBERS.has(field.type) : typeof row?.[name] === "number";
    const title = titleOf(name);
    const unit = field?.unit ? ` (${field.unit})` : "";
    const width = Math.max(WIDTHS[field?.type ?? ""] ?? (isNumeric ? 14 : WIDE), title.length + unit.length + 4);
    return { name, title: title + unit, isNumeric, width, ...(field?.description ? { hint: field.description } : {}) };
  });
}

/**
 * @param {Record<string, any>} row
 * @param {Column} column
 */
function cellOf(row, column) {
  const value = row[column.name];
  const text = valueText(value);
  if (column.name === "identifier" && text) {
    return html`
      <button type="button" class="link" title=${text} onClick=${() => update({ resource: text })}>${text}</button>
    `;
  }
  return value === null || value === undefined ? html`<span class="null">null</span>` : html`<span title=${text}>${text}</span>`;
}

/**
 * Order by a column: the smallest first, then the largest first, then as before.
 * @param {string} name
 */
function sortBy(name) {
  const { order_by, ...plan } = current().plan;
  const [first] = order_by ?? [];
  if (first?.field !== name) update({ plan: { ...plan, order_by: [{ field: name }] } });
  else if (!first.descending) update({ plan: { ...plan, order_by: [{ field: name, descending: true }] } });
  else update({ plan });
}
