/** The views of the page, in the order in which the page offers them; a view is added here. */

import { Catalogs } from "./catalogs.js";
import { Export } from "./export.js";
import { Plots } from "./plots.js";
import { ResourceDrawer } from "./resource.js";
import { Results } from "./results.js";
import { Time } from "./time.js";

/**
 * @typedef {object} View
 * @property {string} name As the address names it.
 * @property {string} title As the page shows it.
 * @property {() => unknown} component What draws it.
 *
 * @typedef {object} Drawer What opens at the right, beside the views.
 * @property {(state: import("../state.js").State) => boolean} isOpen
 * @property {() => unknown} component What draws it: an `aside` with a label.
 */

/** @type {readonly View[]} */
export const VIEWS = [
  { name: "results", title: "Results", component: Results },
  { name: "plots", title: "Plots", component: Plots },
  { name: "time", title: "Time", component: Time },
  { name: "export", title: "Export", component: Export },
  { name: "catalogs", title: "Catalogs", component: Catalogs },
];

/** @type {readonly Drawer[]} */
export const DRAWERS = [{ isOpen: ({ resource }) => resource !== null, component: ResourceDrawer }];
