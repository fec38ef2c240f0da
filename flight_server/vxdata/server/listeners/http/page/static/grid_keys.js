/** Where keys lead in a grid: it is one Tab stop, and arrow keys go from cell to cell. */

/** The row of the heads. */
export const HEAD = -1;

/**
 * @typedef {object} Cell
 * @property {number} row `HEAD`, or the number of a row, from 0.
 * @property {number} column From 0.
 *
 * @typedef {object} Size
 * @property {number} rows
 * @property {number} columns
 * @property {number} page Rows that are in sight at once.
 */

/**
 * The cell that a key leads to.
 * @param {{key: string, ctrlKey: boolean}} event
 * @param {Cell} from
 * @param {Size} size
 * @returns {Cell | null} Null for a key that leads nowhere.
 */
export function ledTo({ key, ctrlKey }, from, size) {
  const to = targetOf(key, ctrlKey, from, size);
  return to && within(to, size);
}

/**
 * The cell that is nearest to one that may have gone.
 * @param {Cell} cell
 * @param {Size} size
 * @returns {Cell}
 */
export const within = ({ row, column }, { rows, columns }) => ({
  row: Math.max(Math.min(row, rows - 1), HEAD),
  column: Math.max(Math.min(column, columns - 1), 0),
});

/**
 * @param {string} key
 * @param {boolean} isFar
 * @param {Cell} from
 * @param {Size} size
 * @returns {Cell | null}
 */
function targetOf(key, isFar, { row, column }, { rows, columns, page }) {
  switch (key) {
    case "ArrowRight":
      return { row, column: column + 1 };
    case "ArrowLeft":
      return { row, column: column - 1 };
    case "ArrowDown":
      return { row: row + 1, column };
    case "ArrowUp":
      return { row: row - 1, column };
    case "PageDown":
      return { row: row + page, column };
    case "PageUp":
      return { row: row - page, column };
    case "Home":
      return { row: isFar ? HEAD : row, column: 0 };
    case "End":
      return { row: isFar ? rows : row, column: columns };
    default:
      return null;
  }
}

/**
 * The rows that are drawn: those in sight, some beyond them, and the one that has the focus.
 * @param {number} from
 * @param {number} to Behind the last one.
 * @param {number} focused
 * @returns {number[]}
 */
export function drawn(from, to, focused) {
  const rows = Array.from({ length: Math.max(to - from, 0) }, (_, index) => from + index);
  if (focused === HEAD || (focused >= from && focused < to)) return rows;
  return focused < from ? [focused, ...rows] : [...rows, focused];
}
