/** Which columns the result has. */

import { inReadingOrder, usualNames } from "../columns.js";
import { html } from "../html.js";
import { current, update, useAppState } from "../state.js";
import { titleOf } from "../words.js";
import { Menu } from "./menu.js";

/** @typedef {import("../catalog.js").TypeInfo} TypeInfo */

/** @param {{type: TypeInfo, fit: () => void}} properties */
export function Columns({ type, fit }) {
  const { plan } = useAppState();
  const names = inReadingOrder(type);
  /** @type {string[]} */
  const chosen = plan.select ?? usualNames(type);
  return html`
    <${Menu} title=${`Columns: ${chosen.length} of ${names.length}`}>
      <div class="buttons">
        <button type="button" onClick=${() => choose(null)}>The usual ones</button>
        <button type="button" onClick=${() => choose(names)}>All</button>
        <button type="button" onClick=${() => choose(names.slice(0, 1))}>Only ${titleOf(names[0] ?? "")}</button>
        <button type="button" onClick=${fit}>Fit to values</button>
      </div>
      <p>Files and code have the columns that are chosen here, or all if none are.</p>
      <fieldset class="boxes">
        <legend class="unseen">Columns</legend>
        ${names.map(
          (name) => html`
            <label>
              <input
                type="checkbox"
                checked=${chosen.includes(name)}
                onChange=${() => choose(names.filter((each) => chosen.includes(each) !== (each === name)))}
              />
              ${titleOf(name)}
            </label>
          `,
        )}
      </fieldset>
    <//>
  `;
}

/** @param {string[] | null} chosen Null for the usual ones. */
function choose(chosen) {
  const { select: _, ...plan } = current().plan;
  if (chosen?.length === 0) return;
  update({ plan: chosen ? { ...plan, select: chosen } : plan });
}
