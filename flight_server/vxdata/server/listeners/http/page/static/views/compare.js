/** What has changed in the result of the query since an instant: added, changed, gone. */

import { useAnswer } from "../asking.js";
import { html } from "../html.js";
import { countText, instantText } from "../words.js";
import { Changes } from "./history.js";
import { ResourceLink } from "./resource.js";

/**
 * @typedef {object} ChangedRow
 * @property {string} identifier
 * @property {string} change
 * @property {Record<string, [unknown, unknown]>} fields
 */

/** The parts of an answer, as it names them -> what they are called. */
const CHANGES = Object.freeze({ added: "added", changed: "changed", gone: "gone" });

/**
 * @param {{plan: Record<string, any>, since: string}} properties
 *   plan: As of the later instant.
 */
export function Compare({ plan, since }) {
  const { as_of: until, ...live } = plan;
  const question = { question: { plan: live }, since, until };
  const { answer, error, isBusy } = useAnswer("compare", "compare", question);
  /** @type {ChangedRow[]} */
  const rows = answer?.rows ?? [];
  const all = answer ? answer.added + answer.changed + answer.gone : 0;
  return html`
    <section aria-label="Comparison">
      <div class="heading"><h2>From ${instantText(since)} to ${instantText(until)}</h2></div>
      ${error && html`<p class="mistake" role="alert">${error.message}</p>`}
      <p role="status" aria-busy=${isBusy ? "true" : "false"}>
        ${answer ? Object.entries(CHANGES).map(([name, title]) => `${countText(answer[name])} ${title}`).join(", ") : "Comparing …"}
      </p>
      ${rows.length > 0 &&
      html`
        <div class="scroll" tabindex="0" role="region" aria-label="Changed rows">
          <table class="plain">
            <thead><tr><th scope="col">Identifier</th><th scope="col">Change</th><th scope="col">Fields</th></tr></thead>
            <tbody>
              ${rows.map(
                (row) => html`
                  <tr key=${row.identifier}>
                    <th scope="row"><${ResourceLink} identifier=${row.identifier} /></th>
                    <td>${row.change}</td>
                    <td><${FieldChanges} fields=${row.fields} /></td>
                  </tr>
                `,
              )}
            </tbody>
          </table>
        </div>
        ${all > rows.length && html`<p class="by">The first ${countText(rows.length)} of ${countText(all)} are shown.</p>`}
      `}
    </section>
  `;
}

/** @param {{fields: Record<string, [unknown, unknown]> | undefined}} properties */
function FieldChanges({ fields = {} }) {
  const names = Object.keys(fields);
  if (names.length === 0) return null;
  return html`
    <details>
      <summary>${names.length === 1 ? "1 field" : `${names.length} fields`}</summary>
      <${Changes} changes=${fields} />
    </details>
  `;
}
