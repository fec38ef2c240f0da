/** Facets of the fields that are in sight: a few at a time, never two calls at once. */

import { ask, isOvertaken } from "./api.js";
import { useEffect, useRef, useState } from "./html.js";
import { writeJson } from "./json.js";

/** Most bins of a field: as many bars as lie beside each other in the panel, each wide enough to be hit. */
const BINS = 8;

/**
 * @typedef {object} Facet
 * @property {number} nulls
 * @property {{value: any, count: number}[]} [values]
 * @property {{from: number, to: number, count: number}[]} [histogram] Each bin ends before `to`.
 * @property {{year: number, month?: number, count: number}[]} [years] With months where all are of one year.
 * @property {any} [min]
 * @property {any} [max]
 * @property {number} [mean]
 *
 * @typedef {object} Facets
 * @property {number} rows Rows that the query finds.
 * @property {Record<string, Facet>} byField
 * @property {any} error
 */

/** Fields of one call: few enough that the first ones are soon there. */
const AT_A_TIME = 6;

/** Milliseconds before the first call: a query that is still being typed asks nothing. */
const PAUSE = 300;

/** @type {Facets} */
const NONE = Object.freeze({ rows: 0, byField: {}, error: null });

/**
 * The facets of those fields that have been in sight since the query changed.
 * @param {Record<string, any>} plan What is asked: the rows, without their order or number.
 * @returns {{facets: Facets, see: (field: string, isInSight: boolean) => void}}
 */
export function useFacets(plan) {
  const [facets, show] = useState(NONE);
  const inSight = useRef(/** @type {Set<string>} */ (new Set()));
  const wake = useRef(() => {});
  const key = writeJson(plan);
  useEffect(() => {
    let isCurrent = true;
    let isRunning = false;
    /** @type {Facets} */
    let known = NONE;
    const next = async () => {
      const fields = [...inSight.current].filter((field) => !(field in known.byField)).slice(0, AT_A_TIME);
      if (isRunning || !isCurrent || known.error || fields.length === 0) return;
      isRunning = true;
      try {
        const answer = await ask("facets", "facets", { question: { plan }, fields, top: 5, bins: BINS });
        known = { rows: answer.rows, byField: { ...known.byField, ...answer.facets }, error: null };
      } catch (error) {
        if (isOvertaken(error)) return;
        known = { ...known, error };
      }
      isRunning = false;
      if (!isCurrent) return;
      show(known);
      void next();
    };
    const timer = setTimeout(() => {
      wake.current = () => void next();
      void next();
    }, PAUSE);
    return () => {
      isCurrent = false;
      wake.current = () => {};
      clearTimeout(timer);
    };
  }, [key]);
  const see = useRef((/** @type {string} */ field, /** @type {boolean} */ isInSight) => {
    if (isInSight) inSight.current.add(field);
    else inSight.current.delete(field);
    wake.current();
  });
  return { facets, see: see.current };
}
