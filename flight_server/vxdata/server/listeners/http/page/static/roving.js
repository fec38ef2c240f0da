/** `useRoving`: lines of buttons as one Tab stop. Up and down, Home and End go from line to line, right and left along one. */

import { useEffect, useRef } from "./html.js";

/** What takes part. It is drawn with the tabindex -1, so that what comes later is no Tab stop either. */
const BUTTON = "button[tabindex]";

/**
 * Let arrow keys go among the buttons of a box.
 * @param {string} selector What a line is, within the box.
 * @returns {Record<string, any>} Properties of the box.
 */
export function useRoving(selector) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    const buttons = buttonsOf(box.current);
    if (!buttons.some((button) => button.tabIndex === 0)) stopAt(buttons, buttons[0]);
  });
  /** @param {FocusEvent} event */
  const onFocusIn = ({ target }) => {
    const buttons = buttonsOf(box.current);
    const focused = buttons.find((button) => button === target);
    if (focused) stopAt(buttons, focused);
  };
  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    const lines = [...(box.current?.querySelectorAll(selector) ?? [])].map(buttonsOf).filter(({ length }) => length > 0);
    const to = targetOf(event.key, lines, /** @type {HTMLElement} */ (event.target));
    if (!to) return;
    event.preventDefault();
    to.focus();
  };
  return { ref: box, onFocusIn, onKeyDown };
}

/**
 * @param {Element | null} element
 * @returns {HTMLElement[]}
 */
const buttonsOf = (element) => [...(element?.querySelectorAll(BUTTON) ?? [])].map((each) => /** @type {HTMLElement} */ (each));

/**
 * @param {HTMLElement[]} buttons
 * @param {HTMLElement | undefined} one
 */
function stopAt(buttons, one) {
  for (const button of buttons) button.tabIndex = button === one ? 0 : -1;
}

/**
 * @param {string} key
 * @param {HTMLElement[][]} lines
 * @param {HTMLElement} from
 * @returns {HTMLElement | undefined}
 */
function targetOf(key, lines, from) {
  const row = lines.findIndex((line) => line.includes(from));
  const line = lines[row];
  if (!line) return undefined;
  const place = line.indexOf(from);
  const among = (/** @type {HTMLElement[] | undefined} */ other) => other?.[Math.min(place, other.length - 1)];
  switch (key) {
    case "ArrowDown":
      return among(lines[row + 1]);
    case "ArrowUp":
      return among(lines[row - 1]);
    case "ArrowRight":
      return line[place + 1];
    case "ArrowLeft":
      return line[place - 1];
    case "Home":
      return lines[0]?.[0];
    case "End":
      return lines.at(-1)?.[0];
    default:
      return undefined;
  }
}
