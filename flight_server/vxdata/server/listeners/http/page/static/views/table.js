/** A table of any length: only the rows in sight are drawn. It is one Tab stop; arrow keys go from cell to cell. */

import { bounded } from "../columns.js";
import { drawn, HEAD, ledTo, within } from "../grid_keys.js";
import { html, useEffect, useId, useLayoutEffect, useRef, useState } from "../html.js";
import { Grip } from "./grip.js";

/** Height of a row, in pixels; `style.css` has the same. */
const HEIGHT = 26;

/** Height of the heads, in pixels; `style.css` has the same. */
const HEADS = 30;

/** What keys that widen a column add to its width, in characters. */
const STEPS = /** @type {Record<string, number>} */ ({ ArrowRight: 4, ArrowLeft: -4 });

/** Rows that are drawn above and below those in sight. */
const BEYOND = 12;

/** Most rows that can be scrolled to: browsers cannot draw much higher boxes. */
export const MOST = 1_000_000;

/**
 * @typedef {import("../columns.js").Column} Column
 * @typedef {import("../grid_keys.js").Cell} Cell
 */

/**
 * @param {{label: string, columns: Column[], count: number, rowAt: (index: number) => Record<string, any> | undefined,
 *   see: (first: number, last: number) => void, order: {field: string, descending?: boolean} | undefined,
 *   sort: ((name: string) => void) | null, cell: (row: Record<string, any>, column: Column) => unknown,
 *   begins: string, widen: (widths: Record<string, number>) => void, fit: (columns: Column[]) => void}} properties
 *   begins: Changes where the table begins anew, at its top.
 *   widen: Takes the widths of columns that the user has set, by name.
 *   fit: Sets the widths of columns to what their values need.
 */
export function Table({ label, columns, count, rowAt, see, order, sort, cell, begins, widen, fit }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const [window, setWindow] = useState({ first: 0, last: 40 });
  const total = Math.min(count, MOST);
  const measure = () => {
    if (!box.current) return;
    const first = Math.floor(box.current.scrollTop / HEIGHT);
    const last = first + Math.ceil(box.current.clientHeight / HEIGHT);
    setWindow((before) => (before.first === first && before.last === last ? before : { first, last }));
    see(Math.max(first - BEYOND, 0), Math.max(Math.min(last + BEYOND, total) - 1, 0));
  };
  useEffect(() => {
    if (box.current) box.current.scrollTop = 0;
    measure();
  }, [begins]);
  useEffect(measure, [total]);
  const { active, keys } = useCells(box, { rows: total, columns: columns.length }, (place, change) => {
    const column = columns[place];
    if (column) widen({ [column.name]: bounded(column.width + change) });
  });
  const help = useId();
  const from = Math.max(Math.min(window.first, total) - BEYOND, 0);
  const to = Math.min(window.last + BEYOND, total);
  /** @param {number} row */
  const stopIn = (row) => (row === active.row ? active.column : null);
  return html`
    <div class="rows" ref=${box} role="region" aria-label=${label} onScroll=${measure}>
      <table
        role="grid"
        aria-label=${label}
        aria-describedby=${help}
        aria-rowcount=${total + 1}
        aria-colcount=${columns.length}
        style=${{ width: `${columns.reduce((sum, { width }) => sum + width, 0)}ch` }}
        ...${keys}
      >
        <colgroup>
          ${columns.map((column) => html`<col key=${column.name} style=${{ width: `${column.width}ch` }} />`)}
        </colgroup>
        <thead>
          <tr aria-rowindex="1">
            ${columns.map(
              (column, index) => html`
                <${Head}
                  key=${column.name}
                  column=${column}
                  order=${order}
                  sort=${sort}
                  isStop=${stopIn(HEAD) === index}
                  widen=${widen}
                  fit=${fit}
                />
              `,
            )}
          </tr>
        </thead>
        <tbody>
          ${withGaps(drawn(from, to, active.row), total).map((line) =>
            line.gap
              ? html`<tr key=${`gap ${line.index}`} aria-hidden="true" style=${{ height: `${line.gap * HEIGHT}px` }}></tr>`
              : html`<${Row} key=${line.index} index=${line.index} row=${rowAt(line.index)} columns=${columns} cell=${cell} stop=${stopIn(line.index)} />`,
          )}
        </tbody>
      </table>
    </div>
    <p id=${help} class="unseen">In a head, Enter orders by the column, and Shift with the right or left arrow makes it wider or narrower.</p>
  `;
}

/**
 * The cell that is the Tab stop, and what listens to move it.
 * @param {{current: HTMLElement | null}} box
 * @param {{rows: number, columns: number}} size
 * @param {(column: number, change: number) => void} widen
 * @returns {{active: Cell, keys: Record<string, unknown>}}
 */
function useCells(box, size, widen) {
  const [chosen, choose] = useState(/** @type {Cell} */ ({ row: HEAD, column: 0 }));
  const goes = useRef(false);
  const page = Math.max(Math.floor(((box.current?.clientHeight ?? 0) - HEADS) / HEIGHT), 1);
  const active = within(chosen, { ...size, page });
  useLayoutEffect(() => {
    if (!goes.current) return;
    goes.current = false;
    /** @type {HTMLElement | null | undefined} */ (box.current?.querySelector("[tabindex='0']"))?.focus();
  }, [active.row, active.column]);
  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    const cell = /** @type {HTMLElement} */ (event.target);
    if (cell.matches("td, th") && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      cell.querySelector("button")?.click();
      return;
    }
    const change = event.shiftKey && active.row === HEAD ? STEPS[event.key] : undefined;
    if (change !== undefined) {
      event.preventDefault();
      widen(active.column, change);
      return;
    }
    const to = ledTo(event, active, { ...size, page });
    if (!to) return;
    event.preventDefault();
    goes.current = to.row !== active.row || to.column !== active.column;
    choose(to);
  };
  /** @param {FocusEvent} event */
  const onFocusIn = (event) => {
    const found = /** @type {HTMLElement} */ (event.target).closest("td, th");
    const row = Number(found?.parentElement?.getAttribute("aria-rowindex")) - 2;
    if (found) choose({ row, column: /** @type {HTMLTableCellElement} */ (found).cellIndex });
  };
  return { active, keys: { onKeyDown, onFocusIn, onCopy: copyCell } };
}

/**
 * Copy the whole value of the cell that has the focus, unless something is selected.
 * @param {ClipboardEvent} event
 */
function copyCell(event) {
  const cell = /** @type {HTMLElement} */ (event.target).closest("td");
  if (!cell || !event.clipboardData || String(getSelection())) return;
  event.preventDefault();
  event.clipboardData.setData("text/plain", cell.textContent?.trim() ?? "");
}

/**
 * Rows that are drawn, with the heights of those between them.
 * @param {number[]} rows In ascending order.
 * @param {number} total
 * @returns {{index: number, gap: number}[]} A gap has the index of the row behind it.
 */
function withGaps(rows, total) {
  let next = 0;
  const lines = [...rows, total].flatMap((index) => {
    const gap = index - next;
    next = index + 1;
    return [...(gap > 0 ? [{ index, gap }] : []), { index, gap: 0 }];
  });
  return lines.slice(0, -1);
}

/**
 * @param {{index: number, row: Record<string, any> | undefined, columns: Column[], stop: number | null,
 *   cell: (row: Record<string, any>, column: Column) => unknown}} properties
 */
function Row({ index, row, columns, cell, stop }) {
  return html`
    <tr aria-rowindex=${index + 2} class=${index % 2 ? "odd" : ""}>
      ${columns.map(
        (column, place) => html`
          <td class=${classOf(column)} tabindex=${stop === place ? 0 : -1}>${row ? cell(row, column) : "…"}</td>
        `,
      )}
    </tr>
  `;
}

/** @param {Column} column */
const classOf = ({ isNumeric, differsAtEnd }) => (isNumeric ? "number" : differsAtEnd ? "tail" : "");

/**
 * @param {{column: Column, order: {field: string, descending?: boolean} | undefined,
 *   sort: ((name: string) => void) | null, isStop: boolean, widen: (widths: Record<string, number>) => void,
 *   fit: (columns: Column[]) => void}} properties
 */
function Head({ column, order, sort, isStop, widen, fit }) {
  const isOrdered = order?.field === column.name;
  const direction = isOrdered ? (order?.descending ? "descending" : "ascending") : null;
  const sign = isOrdered ? (order?.descending ? " ↓" : " ↑") : "";
  return html`
    <th scope="col" aria-sort=${direction} class=${column.isNumeric ? "number" : ""} title=${column.hint} tabindex=${isStop ? 0 : -1}>
      ${sort
        ? html`
            <button type="button" tabindex="-1" onClick=${() => sort(column.name)}>
              ${column.title}<span aria-hidden="true">${sign}</span>
            </button>
          `
        : column.title}
      <${Grip} column=${column} widen=${widen} fit=${fit} />
    </th>
  `;
}
