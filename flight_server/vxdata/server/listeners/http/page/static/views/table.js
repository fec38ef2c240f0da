/** A table of any length: only the rows in sight are drawn. */

import { html, useEffect, useRef, useState } from "../html.js";

/** Height of a row, in pixels; `style.css` has the same. */
const HEIGHT = 26;

/** Rows that are drawn above and below those in sight. */
const BEYOND = 12;

/** Most rows that can be scrolled to: browsers cannot draw much higher boxes. */
export const MOST = 1_000_000;

/**
 * @typedef {object} Column
 * @property {string} name
 * @property {string} title
 * @property {string} [hint]
 * @property {boolean} isNumeric
 * @property {number} width In characters.
 */

/**
 * @param {{label: string, columns: Column[], count: number, rowAt: (index: number) => Record<string, any> | undefined,
 *   see: (first: number, last: number) => void, order: {field: string, descending?: boolean} | undefined,
 *   sort: ((name: string) => void) | null, cell: (row: Record<string, any>, column: Column) => unknown,
 *   begins: string}} properties
 *   begins: Changes where the table begins anew, at its top.
 */
export function Table({ label, columns, count, rowAt, see, order, sort, cell, begins }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const [window, setWindow] = useState({ first: 0, last: 40 });
  const total = Math.min(count, MOST);
  const measure = () => {
    if (!box.current) return;
    const first = Math.floor(box.current.scrollTop / HEIGHT);
    const last = first + Math.ceil(box.current.clientHeight / HEIGHT);
    setWindow((before) => (before.first === first && before.last === last ? before : { first, last }));
    see(first, Math.max(Math.min(last, total - 1), first));
  };
  useEffect(() => {
    if (box.current) box.current.scrollTop = 0;
    measure();
  }, [begins]);
  useEffect(measure, [total]);
  const from = Math.max(Math.min(window.first, total) - BEYOND, 0);
  const to = Math.min(window.last + BEYOND, total);
  const shown = Array.from({ length: Math.max(to - from, 0) }, (_, index) => from + index);
  return html`
    <div class="rows" ref=${box} role="region" aria-label=${label} tabindex="0" onScroll=${measure}>
      <table aria-rowcount=${total + 1} style=${{ width: `${columns.reduce((sum, { width }) => sum + width, 0)}ch` }}>
        <colgroup>
          ${columns.map((column) => html`<col key=${column.name} style=${{ width: `${column.width}ch` }} />`)}
        </colgroup>
        <thead>
          <tr aria-rowindex="1">
            ${columns.map((column) => html`<${Head} key=${column.name} column=${column} order=${order} sort=${sort} />`)}
          </tr>
        </thead>
        <tbody>
          <${Gap} rows=${from} />
          ${shown.map((index) => {
            const row = rowAt(index);
            return html`
              <tr key=${index} aria-rowindex=${index + 2} class=${index % 2 ? "odd" : ""}>
                ${columns.map(
                  (column) => html`
                    <td class=${column.isNumeric ? "number" : ""}>${row ? cell(row, column) : "…"}</td>
                  `,
                )}
              </tr>
            `;
          })}
          <${Gap} rows=${total - to} />
        </tbody>
      </table>
    </div>
  `;
}

/** @param {{rows: number}} properties */
const Gap = ({ rows }) => (rows > 0 ? html`<tr aria-hidden="true" style=${{ height: `${rows * HEIGHT}px` }}></tr>` : null);

/**
 * @param {{column: Column, order: {field: string, descending?: boolean} | undefined,
 *   sort: ((name: string) => void) | null}} properties
 */
function Head({ column, order, sort }) {
  const isOrdered = order?.field === column.name;
  const direction = isOrdered ? (order?.descending ? "descending" : "ascending") : null;
  const sign = isOrdered ? (order?.descending ? " ↓" : " ↑") : "";
  return html`
    <th scope="col" aria-sort=${direction} class=${column.isNumeric ? "number" : ""} title=${column.hint}>
      ${sort
        ? html`<button type="button" onClick=${() => sort(column.name)}>${column.title}<span aria-hidden="true">${sign}</span></button>`
        : column.title}
    </th>
  `;
}
