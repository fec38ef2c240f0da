/** What several views show: the catalog, and the query in all of its notations; each asked for once. */

import { useAnswer, PAUSE } from "./asking.js";
import { useCatalog } from "./catalog.js";
import { createContext, html, useContext } from "./html.js";
import { useAppState } from "./state.js";

/**
 * @typedef {object} Shared
 * @property {ReturnType<typeof useCatalog>} catalog
 * @property {import("./asking.js").Answered} described What `/v1/plans` says of the query.
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
  return html`<${Context.Provider} value=${{ catalog, described }}>${children}<//>`;
}
