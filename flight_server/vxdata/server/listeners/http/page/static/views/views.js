/** The views of the page, in the order in which the page offers them; a view is added here. */

/**
 * @typedef {object} View
 * @property {string} name As the address names it.
 * @property {string} title As the page shows it.
 * @property {() => unknown} component What draws it.
 */

/** @type {readonly View[]} */
export const VIEWS = [];
