/** A button that opens a sheet, which closes by Escape, and as soon as the user goes elsewhere. */

import { html, useEffect, useRef } from "../html.js";

/** @param {{title: string, children: unknown}} properties */
export function Menu({ title, children }) {
  const place = useRef(/** @type {HTMLDetailsElement | null} */ (null));
  useEffect(() => {
    const leave = (/** @type {Event} */ event) => {
      const menu = place.current;
      if (menu?.open && !menu.contains(/** @type {Node} */ (event.target))) menu.open = false;
    };
    addEventListener("pointerdown", leave);
    addEventListener("focusin", leave);
    return () => {
      removeEventListener("pointerdown", leave);
      removeEventListener("focusin", leave);
    };
  }, []);
  /** @param {KeyboardEvent} event */
  const close = (event) => {
    const menu = place.current;
    if (event.key !== "Escape" || !menu?.open) return;
    menu.open = false;
    menu.querySelector("summary")?.focus();
  };
  return html`
    <details class="menu" ref=${place} onKeyDown=${close}>
      <summary>${title}</summary>
      <div class="sheet">${children}</div>
    </details>
  `;
}
