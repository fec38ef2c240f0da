/** What several views show: the catalog, the query in all of its notations, and its number of rows; each asked for once. */

import { useAnswer, PAUSE } from "./asking.js";
import { useCatalog } from "./catalog.js";
import { createContext, html, useContext } from "./html.js";
import { useAppState } from "./state.js";

/**
 * @typedef {object} Shared
 * @property {ReturnType<typeof useCatalog>} catalog
 * @property {import("./asking.js").Answered} described What `/v1/plans` says of the query.
 * @property {import("./asking.js").Answered} counting How many rows the query finds.
 * @property {import("./catalog.js").Snapshot | null} snapshot The state of the data that the rows are of.
 */

/** @type {any} */
const Context = createContext(null);

/** @returns {Shared} */
export const useShared = () => useContext(Context);

/**
 * @param {{children: unknown}} properties
 */
export function WithShared({ children }) {
  const { plan } = useAppState();
  const catalog = useCatalog();
  const described = useAnswer("plans", "plans", { plan }, PAUSE);
  const counting = useAnswer("count", catalog.type ? "count" : null, { plan }, PAUSE);
  // Others may have written since the catalog was read; a query that is refused has no state of its own.
  const snapshot = (counting.error ? null : counting.answer?.snapshot) ?? catalog.snapshot;
  return html`<${Context.Provider} value=${{ catalog, described, counting, snapshot }}>${children}<//>`;
}
