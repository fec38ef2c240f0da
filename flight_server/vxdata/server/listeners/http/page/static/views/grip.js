/** The right edge of a head, by which a pointer sets the width of its column. Keys and the menu of the columns do so, too. */

import { bounded } from "../columns.js";
import { html, useRef } from "../html.js";

/** @typedef {import("../columns.js").Column} Column */

/** @param {{column: Column, widen: (widths: Record<string, number>) => void, fit: (columns: Column[]) => void}} properties */
export function Grip({ column, widen, fit }) {
  const begun = useRef(/** @type {{at: number, width: number, pixels: number} | null} */ (null));
  /** @param {PointerEvent} event */
  const begin = (event) => {
    const grip = /** @type {HTMLElement} */ (event.target);
    event.preventDefault(); // no text is selected meanwhile
    grip.setPointerCapture(event.pointerId);
    const { width } = grip.parentElement?.getBoundingClientRect() ?? { width: 0 };
    begun.current = { at: event.clientX, width: column.width, pixels: width / column.width };
  };
  /** @param {PointerEvent} event */
  const move = (event) => {
    if (!begun.current) return;
    const { at, width, pixels } = begun.current;
    const next = bounded(width + (event.clientX - at) / pixels);
    if (next !== column.width) widen({ [column.name]: next });
  };
  const end = () => {
    begun.current = null;
  };
  return html`
    <span
      class="grip"
      aria-hidden="true"
      title=${`Drag to set the width of ${column.title}, double-click to fit its values`}
      onPointerDown=${begin}
      onPointerMove=${move}
      onPointerUp=${end}
      onPointerCancel=${end}
      onDblClick=${() => fit([column])}
    ></span>
  `;
}
