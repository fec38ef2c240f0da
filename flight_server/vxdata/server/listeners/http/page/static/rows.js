/** Rows of a query, in pages: those in sight are asked for, and the nearest ones are kept. */

import { call, isOvertaken } from "./api.js";
import { PAUSE } from "./asking.js";
import { useEffect, useRef, useState } from "./html.js";
import { readJson, writeJson } from "./json.js";

/** Rows of one page. */
export const PAGE = 100;

/** Pages that are kept: those that are nearest to what is in sight. */
const KEPT = 10;

/**
 * @typedef {Record<string, any>} Row
 * @typedef {object} Rows
 * @property {Map<number, Row[]>} pages Number of a page -> its rows.
 * @property {Row | undefined} first The first row that was read; it has what all have.
 * @property {any} error
 * @property {boolean} isBusy
 */

/** @type {Rows} */
const NONE = Object.freeze({ pages: new Map(), first: undefined, error: null, isBusy: true });

/**
 * Read the rows of a plan as they come in sight.
 * @param {Record<string, any>} plan As of an instant, so that all pages are of one state.
 * @returns {{rows: Rows, see: (first: number, last: number) => void}} `see` says which rows are in sight, by number.
 */
export function useRows(plan) {
  const [rows, show] = useState(NONE);
  const sight = useRef({ first: 0, last: 0 });
  const wake = useRef(() => {});
  const key = writeJson(plan);
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
  /** @type {Row | undefined} */
  let first;
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
      const part = partOf(plan, from * PAGE, (to - from + 1) * PAGE);
      const response = await call("rows", "query?format=ndjson", { plan: part });
      const lines = (await response.text()).split("\n").filter(Boolean);
      if (!isCurrent) return;
      pages = nearest(pages, from);
      for (let page = from; page <= to; page++) {
        pages.set(page, lines.slice((page - from) * PAGE, (page - from + 1) * PAGE).map((line) => readJson(line)));
      }
      first ??= pages.get(from)?.[0];
      running = "";
      show({ pages, first, error: null, isBusy: false });
      void wake();
    } catch (error) {
      if (isOvertaken(error) || !isCurrent) return;
      show({ pages, first, error, isBusy: false });
    }
  };
  const stop = () => {
    isCurrent = false;
  };
  return { wake: () => void wake(), stop };
}

/**
 * The pages that are kept when those from one on are added.
 * @param {Map<number, Row[]>} pages
 * @param {number} added
 */
function nearest(pages, added) {
  const order = [...pages].sort(([one], [other]) => Math.abs(one - added) - Math.abs(other - added));
  return new Map(order.slice(0, KEPT));
}

/**
 * Some of the rows of a plan.
 * @param {Record<string, any>} plan
 * @param {number} first
 * @param {number} count
 */
function partOf(plan, first, count) {
  const left = plan.limit === undefined ? count : Math.min(count, Math.max(plan.limit - first, 0));
  return { ...plan, offset: (plan.offset ?? 0) + first, limit: left };
}
