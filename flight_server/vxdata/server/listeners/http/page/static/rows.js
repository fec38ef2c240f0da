/** Rows of a query, in pages: those in sight are asked for, those that were seen are kept. */

import { call, isOvertaken } from "./api.js";
import { PAUSE } from "./asking.js";
import { useEffect, useRef, useState } from "./html.js";

/** Rows of one page. */
export const PAGE = 100;

/**
 * @typedef {Record<string, any>} Row
 * @typedef {object} Rows
 * @property {Map<number, Row[]>} pages Number of a page -> its rows.
 * @property {any} error
 * @property {boolean} isBusy
 */

/** @type {Rows} */
const NONE = Object.freeze({ pages: new Map(), error: null, isBusy: true });

/**
 * Read the rows of a plan as they come in sight.
 * @param {Record<string, any>} plan
 * @returns {{rows: Rows, see: (first: number, last: number) => void}} `see` says which rows are in sight, by number.
 */
export function useRows(plan) {
  const [rows, show] = useState(NONE);
  const sight = useRef({ first: 0, last: 0 });
  const wake = useRef(() => {});
  const key = JSON.stringify(plan);
  useEffect(() => {
    const reader = readerOf(plan, sight.current, show);
    sight.current.first = 0;
    sight.current.last = 0;
    show((before) => ({ ...before, isBusy: true }));
    const start = setTimeout(() => {
      wake.current = reader.wake;
      reader.wake();
    }, PAUSE);
    return () => {
      clearTimeout(start);
      wake.current = () => {};
      reader.stop();
    };
  }, [key]);
  const see = useRef((/** @type {number} */ first, /** @type {number} */ last) => {
    Object.assign(sight.current, { first, last });
    wake.current();
  });
  return { rows, see: see.current };
}

/**
 * @param {Record<string, any>} plan
 * @param {{first: number, last: number}} sight
 * @param {(rows: any) => void} show
 */
function readerOf(plan, sight, show) {
  let isCurrent = true;
  let running = "";
  /** @type {Map<number, Row[]>} */
  let pages = new Map();
  /** @type {string | null} */
  let asOf = plan.as_of ?? null;
  const wake = async () => {
    const missing = [];
    for (let page = Math.floor(sight.first / PAGE); page <= Math.floor(sight.last / PAGE); page++) {
      if (!pages.has(page)) missing.push(page);
    }
    const [from] = missing;
    const to = missing.at(-1);
    const wanted = `${from}-${to}`;
    if (from === undefined || to === undefined || wanted === running || !isCurrent) return;
    running = wanted;
    try {
      const part = partOf(plan, from * PAGE, (to - from + 1) * PAGE, asOf);
      const response = await call("rows", "query?format=ndjson", { plan: part });
      // Later pages are of the same state as the first.
      asOf ??= response.headers.get("VxData-As-Of");
      const lines = (await response.text()).split("\n").filter(Boolean);
      if (!isCurrent) return;
      pages = new Map(pages);
      for (let page = from; page <= to; page++) {
        pages.set(page, lines.slice((page - from) * PAGE, (page - from + 1) * PAGE).map((line) => JSON.parse(line)));
      }
      running = "";
      show({ pages, error: null, isBusy: false });
      void wake();
    } catch (error) {
      if (isOvertaken(error) || !isCurrent) return;
      show({ pages, error, isBusy: false });
    }
  };
  const stop = () => {
    isCurrent = false;
  };
  return { wake: () => void wake(), stop };
}

/**
 * Some of the rows of a plan.
 * @param {Record<string, any>} plan
 * @param {number} first
 * @param {number} count
 * @param {string | null} asOf
 */
function partOf(plan, first, count, asOf) {
  const left = plan.limit === undefined ? count : Math.min(count, Math.max(plan.limit - first, 0));
  return { ...plan, offset: (plan.offset ?? 0) + first, limit: left, ...(asOf ? { as_of: asOf } : {}) };
}
