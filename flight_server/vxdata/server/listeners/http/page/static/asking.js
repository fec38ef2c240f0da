/** `useAnswer`: what the server says to a question, kept while the next answer is on its way. */

import { ask, isOvertaken } from "./api.js";
import { useEffect, useState } from "./html.js";
import { writeJson } from "./json.js";

/**
 * @typedef {object} Answered
 * @property {any} answer The last answer; null before the first.
 * @property {import("./api.js").ApiError | null} error Why the last question has no answer.
 * @property {boolean} isBusy Whether a newer answer is on its way.
 */

/** Milliseconds that a question waits for a newer one, so that not every key that is pressed asks. */
export const PAUSE = 200;

/** @type {Answered} */
const NOTHING = Object.freeze({ answer: null, error: null, isBusy: false });

/**
 * Ask whenever the question changes; an answer that is overtaken is never shown.
 * @param {string} slot What the answer is for: one call of it runs at a time.
 * @param {string | null} path Below `/v1/`; null asks nothing.
 * @param {unknown} [body] Sent as JSON with POST; without it, the call is a GET.
 * @param {number} [pause] Milliseconds to wait for a newer question.
 * @returns {Answered}
 */
export function useAnswer(slot, path, body, pause = 0) {
  const [shown, show] = useState(NOTHING);
  const key = body === undefined ? "" : writeJson(body);
  useEffect(() => {
    if (path === null) {
      show(NOTHING);
      return undefined;
    }
    let isCurrent = true;
    const run = async () => {
      try {
        const answer = await ask(slot, path, body);
        if (isCurrent) show({ answer, error: null, isBusy: false });
      } catch (error) {
        if (isOvertaken(error) || !isCurrent) return;
        show((before) => ({ ...before, error: /** @type {any} */ (error), isBusy: false }));
      }
    };
    show((before) => ({ ...before, isBusy: true }));
    const timer = setTimeout(() => void run(), pause);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [slot, path, key]);
  return shown;
}
