/** `useLines`: the rows that a plan gives, all at once, for plots; plans of it have a small limit. */

import { call, isOvertaken } from "./api.js";
import { PAUSE } from "./asking.js";
import { useEffect, useState } from "./html.js";
import { readJson, writeJson } from "./json.js";

/**
 * @typedef {object} Lines
 * @property {Record<string, any>[] | null} rows Null before the first answer.
 * @property {any} error
 */

/** @type {Lines} */
const NONE = Object.freeze({ rows: null, error: null });

/**
 * Read the rows of a plan whenever it changes.
 * @param {string} slot One call of it runs at a time.
 * @param {Record<string, any> | null} plan Null reads nothing.
 * @returns {Lines}
 */
export function useLines(slot, plan) {
  const [shown, show] = useState(NONE);
  useEffect(() => {
    let isCurrent = true;
    const read = async () => {
      try {
        const text = await (await call(slot, "query?format=ndjson", { plan })).text();
        const rows = text.split("\n").filter(Boolean).map((line) => readJson(line));
        if (isCurrent) show({ rows, error: null });
      } catch (error) {
        if (isCurrent && !isOvertaken(error)) show({ rows: null, error });
      }
    };
    const timer = plan && setTimeout(() => void read(), PAUSE);
    if (!plan) show(NONE);
    return () => {
      isCurrent = false;
      if (timer) clearTimeout(timer);
    };
  }, [slot, writeJson(plan)]);
  return shown;
}
