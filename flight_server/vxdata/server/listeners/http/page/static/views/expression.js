/** The condition as the Python client writes it, to be read or typed. */

import { ask, isOvertaken } from "../api.js";
import { PAUSE } from "../asking.js";
import { html, useEffect, useId, useRef, useState } from "../html.js";
import { useShared } from "../shared.js";
import { current, update } from "../state.js";

/**
 * @typedef {import("../catalog.js").TypeInfo} TypeInfo
 */

/** @param {{type: TypeInfo}} properties */
export function Expression({ type }) {
  const { described } = useShared();
  const id = useId();
  const timer = useRef(0);
  const [edited, setEdited] = useState(/** @type {string | null} */ (null));
  const [mistake, setMistake] = useState(/** @type {any} */ (null));
  const written = described.answer?.filter ?? "";
  // What was typed stands until the query changes in another way, such as by a click.
  useEffect(() => {
    if (document.activeElement?.id !== id) {
      setEdited(null);
      setMistake(null);
    }
  }, [written, type.name]);
  useEffect(() => () => clearTimeout(timer.current), []);
  /** @param {any} event */
  const listen = (event) => {
    const text = event.target.value;
    setEdited(text);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => void read(text, setMistake), PAUSE);
  };
  const failed = mistake ?? described.error;
  return html`
    <div class="expression">
      <label for=${id}>In Python</label>
      <textarea
        id=${id}
        rows=${Math.min(Math.max((edited ?? written).split("\n").length, 1), 8)}
        spellcheck=${false}
        autocomplete="off"
        placeholder='F.field == "value"'
        aria-invalid=${mistake ? "true" : null}
        aria-describedby=${failed ? `${id}-mistake` : null}
        value=${edited ?? written}
        onInput=${listen}
        onBlur=${() => mistake || setEdited(null)}
      ></textarea>
      ${failed && html`<p class="mistake" id=${`${id}-mistake`} role="alert">${told(failed)}</p>`}
    </div>
  `;
}

/**
 * Make the query that of a text; with a mistake in it, the query stays as it was.
 * @param {string} text
 * @param {(mistake: any) => void} setMistake
 */
async function read(text, setMistake) {
  const { where: _, ...rest } = current().plan;
  if (text.trim() === "") {
    update({ plan: rest }, { isTyping: true });
    setMistake(null);
    return;
  }
  try {
    const answer = await ask("text", "plans", { type: rest.relation, filter: text });
    if (current().plan.relation !== rest.relation) return;
    const { where } = answer.plan;
    update({ plan: where ? { ...current().plan, where } : rest }, { isTyping: true });
    setMistake(null);
  } catch (error) {
    if (!isOvertaken(error)) setMistake(error);
  }
}

/**
 * The words of an error, which name the place themselves, with its hint.
 * @param {any} error
 */
function told(error) {
  const { hint } = error.details ?? {};
  return hint && !error.message.includes(hint) ? `${error.message} ${hint}` : error.message;
}
