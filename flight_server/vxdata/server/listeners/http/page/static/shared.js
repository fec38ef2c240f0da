/** What several views show: the snapshot, the catalog, the query in all of its notations, and its number of rows. */

import { useAnswer, PAUSE } from "./asking.js";
import { useCatalog } from "./catalog.js";
import { createContext, html, useContext, useMemo } from "./html.js";
import { useSnapshots } from "./snapshot.js";
import { useAppState } from "./state.js";

/**
 * @typedef {object} Shared
 * @property {ReturnType<typeof useCatalog>} catalog
 * @property {import("./asking.js").Answered} described What `/v1/plans` says of the query.
 * @property {import("./asking.js").Answered} counting How many rows the query finds.
 * @property {Record<string, any>} asked The query as of the snapshot: all that is read of the data is read by it.
 * @property {import("./catalog.js").Snapshot | null} snapshot The state of the data that all numbers are of.
 * @property {ReturnType<typeof useSnapshots>} snapshots
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
  const snapshots = useSnapshots(plan);
  const { shown, error } = snapshots;
  const asOf = plan.as_of ?? shown?.as_of ?? null;
  const found = useCatalog(asOf);
  const catalog = { ...found, error: found.error ?? (shown ? null : error) };
  const asked = useMemo(() => (asOf ? { ...plan, as_of: asOf } : plan), [plan, asOf]);
  const described = useAnswer("plans", "plans", { plan }, PAUSE);
  const counting = useAnswer("count", catalog.type ? "count" : null, { plan: asked }, PAUSE);
  const snapshot = plan.as_of ? catalog.snapshot : shown;
  return html`
    <${Context.Provider} value=${{ catalog, described, counting, asked, snapshot, snapshots }}>${children}<//>
  `;
}
