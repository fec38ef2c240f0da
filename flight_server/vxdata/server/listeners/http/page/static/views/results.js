/** How many rows the query finds, and the rows themselves. */

import { columnsOf, fitting } from "../columns.js";
import { html, useMemo } from "../html.js";
import { writeJson } from "../json.js";
import { PAGE, useRows } from "../rows.js";
import { useShared } from "../shared.js";
import { current, update, useAppState } from "../state.js";
import { counted, valueText } from "../words.js";
import { Columns } from "./columns.js";
import { MOST, Table } from "./table.js";

/**
 * @typedef {import("../columns.js").Column} Column
 */

export function Results() {
  const { plan, widths } = useAppState();
  const { asked, catalog, counting } = useShared();
  const { rows, see } = useRows(asked);
  const { first } = rows;
  const columns = useMemo(() => columnsOf(first, catalog.type, plan, widths), [first, catalog.type, plan, widths]);
  const fit = (/** @type {Column[]} */ some) => widen(fitting(some, [...rows.pages.values()].flat()));
  const count = counting.answer?.count ?? 0;
  const error = counting.error ?? rows.error;
  const isGrouped = Boolean(plan.group_by) || Boolean(plan.aggregates?.length);
  return html`
    <div class="heading">
      <p class="found" role="status" aria-busy=${counting.isBusy ? "true" : "false"}>
        ${counting.error ? "" : counting.answer ? counted(count, "row") : "Counting …"}
      </p>
      ${count > MOST && html`<p>The first ${counted(MOST, "row")} can be seen here; Export has all.</p>`}
      ${catalog.type && !isGrouped && html`<${Columns} type=${catalog.type} fit=${() => fit(columns)} />`}
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
            widen=${widen}
            fit=${fit}
            begins=${writeJson(asked)}
          />
        `)}
  `;
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
      <button type="button" class="link" tabindex="-1" title=${text} onClick=${() => update({ resource: text })}>
        <bdi>${text}</bdi>
      </button>
    `;
  }
  return value === null || value === undefined ? html`<span class="null">null</span>` : html`<bdi title=${text}>${text}</bdi>`;
}

/** @param {Record<string, number>} widths Name of a column -> its width, in characters. */
const widen = (widths) => update({ widths: { ...current().widths, ...widths } }, { isTyping: true });

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
