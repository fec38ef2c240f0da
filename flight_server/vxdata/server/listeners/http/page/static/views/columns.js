/** Which columns the result has. */

import { html } from "../html.js";
import { current, update, useAppState } from "../state.js";
import { titleOf } from "../words.js";
import { Menu } from "./menu.js";

/** @typedef {import("../catalog.js").TypeInfo} TypeInfo */

/** @param {{type: TypeInfo}} properties */
export function Columns({ type }) {
  const { plan } = useAppState();
  const names = type.fields.map(({ name }) => name);
  /** @type {string[]} */
  const chosen = plan.select ?? names;
  return html`
    <${Menu} title=${`Columns: ${plan.select ? `${chosen.length} of ${names.length}` : "all"}`}>
      <button type="button" onClick=${() => choose(names, names)}>All</button>
      <button type="button" onClick=${() => choose(names.slice(0, 1), names)}>Only ${titleOf(names[0] ?? "")}</button>
      <fieldset class="boxes">
        <legend class="unseen">Columns</legend>
        ${names.map(
          (name) => html`
            <label>
              <input
                type="checkbox"
                checked=${chosen.includes(name)}
                onChange=${() => choose(chosen.includes(name) ? chosen.filter((each) => each !== name) : [...chosen, name], names)}
              />
              ${titleOf(name)}
            </label>
          `,
        )}
      </fieldset>
    <//>
  `;
}

/**
 * @param {string[]} chosen
 * @param {string[]} names All, in their order.
 */
function choose(chosen, names) {
  const { select: _, ...plan } = current().plan;
  if (chosen.length === 0) return;
  const ordered = names.filter((name) => chosen.includes(name));
  update({ plan: ordered.length === names.length ? plan : { ...plan, select: ordered } });
}
