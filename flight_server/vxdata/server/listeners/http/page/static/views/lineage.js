/** What stands around a resource: its ancestors above it, its children below. */

import { useAnswer } from "../asking.js";
import { html, useEffect, useState } from "../html.js";
import { counted } from "../words.js";
import { pathOf, ResourceLink } from "./resource.js";

/** Children of one page. */
const PAGE = "20";

/** @param {{identifier: string, asOf: string | undefined}} properties */
export function Lineage({ identifier, asOf }) {
  const { answer, error } = useAnswer("lineage", pathOf("lineage", identifier, asOf));
  const ancestors = /** @type {{identifier: string}[]} */ (answer?.ancestors ?? []).toReversed();
  return html`
    <section aria-label="Relatives">
      <h3>Relatives</h3>
      ${error && html`<p class="mistake" role="alert">${error.message}</p>`}
      <ul class="tree" aria-label="Ancestors, the data source first">
        ${ancestors.map(
          (ancestor, depth) => html`
            <li style=${{ paddingLeft: `${depth * 12}px` }}><${ResourceLink} identifier=${ancestor.identifier} /></li>
          `,
        )}
        <li style=${{ paddingLeft: `${ancestors.length * 12}px` }}><strong>${identifier}</strong></li>
      </ul>
      <${Children} identifier=${identifier} asOf=${asOf} depth=${ancestors.length + 1} />
    </section>
  `;
}

/** @param {{identifier: string, asOf: string | undefined, depth: number}} properties */
function Children({ identifier, asOf, depth }) {
  const [type, choose] = useState("");
  const [after, goOn] = useState("");
  const [known, keep] = useState(/** @type {{identifier: string}[]} */ ([]));
  const begin = () => {
    keep([]);
    goOn("");
  };
  useEffect(() => {
    choose("");
    begin();
  }, [identifier, asOf]);
  const chosen = { ...(type ? { type } : {}), ...(after ? { after } : {}) };
  const { answer, error, isBusy } = useAnswer("children", pathOf("children", identifier, asOf, { limit: PAGE, ...chosen }));
  /** @type {Record<string, number>} */
  const counts = answer?.counts ?? {};
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const shown = answer ? [...known, ...answer.children] : known;
  return html`
    <p role="status" aria-busy=${isBusy ? "true" : "false"}>${answer ? counted(total, "child", "children") : "Looking for children …"}</p>
    ${error && html`<p class="mistake" role="alert">${error.message}</p>`}
    ${Object.keys(counts).length > 1 &&
    html`
      <label>
        Children of type
        <select
          value=${type}
          onChange=${(/** @type {any} */ event) => {
            begin();
            choose(event.target.value);
          }}
        >
          <option value="">all</option>
          ${Object.entries(counts).map(([name, count]) => html`<option value=${name}>${name} (${count})</option>`)}
        </select>
      </label>
    `}
    <ul class="tree" aria-label="Children">
      ${shown.map(
        (child) => html`
          <li key=${child.identifier} style=${{ paddingLeft: `${depth * 12}px` }}>
            <${ResourceLink} identifier=${child.identifier} />
          </li>
        `,
      )}
    </ul>
    ${answer?.next &&
    html`
      <button
        type="button"
        disabled=${isBusy}
        onClick=${() => {
          keep(shown);
          goOn(answer.next);
        }}
      >
        More children
      </button>
    `}
  `;
}
