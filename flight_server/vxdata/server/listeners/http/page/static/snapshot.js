/** The snapshot that the whole page shows: taken once, and moved only when the user asks for it. */

import { ask, isOvertaken } from "./api.js";
import { PAUSE } from "./asking.js";
import { useEffect, useRef, useState } from "./html.js";
import { writeJson } from "./json.js";

/** Milliseconds between two looks for newer commits, as long as the page is visible. */
const INTERVAL = 30_000;

/**
 * @typedef {import("./catalog.js").Snapshot} Snapshot
 *
 * @typedef {object} Snapshots
 * @property {Snapshot | null} shown The newest commit when the page was opened, or when the user asked for it.
 * @property {Snapshot | null} newest The newest commit when the page last asked.
 * @property {any} error Why the last question for it has no answer.
 */

/** @type {Snapshots} */
const NONE = Object.freeze({ shown: null, newest: null, error: null });

/**
 * The snapshot that is shown, and the newest one: asked for when the page gets the focus, when the query changes,
 * and every now and then.
 * @param {Record<string, any>} plan
 * @returns {Snapshots & {showNewest: () => Promise<void>}}
 */
export function useSnapshots(plan) {
  const [found, set] = useState(NONE);
  const isFirst = useRef(true);
  const look = async (/** @type {boolean} */ moves) => {
    try {
      const { snapshot } = await ask("newest", "commits?limit=1");
      set(({ shown }) => ({ shown: moves ? snapshot : (shown ?? snapshot), newest: snapshot, error: null }));
    } catch (error) {
      if (!isOvertaken(error)) set((before) => ({ ...before, error }));
    }
  };
  useEffect(() => {
    const timer = setTimeout(() => void look(false), isFirst.current ? 0 : PAUSE);
    isFirst.current = false;
    return () => clearTimeout(timer);
  }, [writeJson(plan)]);
  useEffect(() => {
    const lookIfVisible = () => void (document.visibilityState === "visible" && look(false));
    const timer = setInterval(lookIfVisible, INTERVAL);
    addEventListener("focus", lookIfVisible);
    document.addEventListener("visibilitychange", lookIfVisible);
    return () => {
      clearInterval(timer);
      removeEventListener("focus", lookIfVisible);
      document.removeEventListener("visibilitychange", lookIfVisible);
    };
  }, []);
  return { ...found, showNewest: () => look(true) };
}
