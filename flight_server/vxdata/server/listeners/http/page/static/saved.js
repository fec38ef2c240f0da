/** Queries that the user has saved, by name, in this browser. */

import { useEffect, useState } from "./html.js";
import { readJson, writeJson } from "./json.js";

const KEY = "vxdata.queries";
const CHANGED = "vxdata-queries";

/** @typedef {Record<string, Record<string, any>>} Saved Name -> plan. */

/** @returns {Saved} */
function read() {
  try {
    return readJson(localStorage.getItem(KEY) ?? "{}");
  } catch (error) {
    console.warn("The saved queries cannot be read.", error);
    return {};
  }
}

/** @param {Saved} saved */
function write(saved) {
  localStorage.setItem(KEY, writeJson(saved));
  dispatchEvent(new Event(CHANGED));
}

/**
 * Save a query; one of the same name is replaced.
 * @param {string} name
 * @param {Record<string, any>} plan
 */
export const save = (name, plan) => write({ ...read(), [name]: plan });

/**
 * Forget a query.
 * @param {string} name
 */
export function forget(name) {
  const { [name]: _, ...rest } = read();
  write(rest);
}

/** Use the saved queries in a component; those that another tab saves too. */
export function useSaved() {
  const [saved, show] = useState(read);
  useEffect(() => {
    const follow = () => show(read());
    addEventListener(CHANGED, follow);
    addEventListener("storage", follow);
    return () => {
      removeEventListener(CHANGED, follow);
      removeEventListener("storage", follow);
    };
  }, []);
  return saved;
}
