/** The versions of a resource: when, by what and by whom it was changed. */

import { useAnswer } from "../asking.js";
import { html } from "../html.js";
import { current, update } from "../state.js";
import { instantText, titleOf, valueText } from "../words.js";
import { pathOf } from "./resource.js";

/**
 * @typedef {object} Version
 * @property {number} version
 * @property {string} valid_from
 * @property {boolean} deleted
 * @property {{verb: string, principal: string | null, client: Record<string, string>}} commit
 * @property {Record<string, [unknown, unknown]>} changes
 */

/** @param {{identifier: string, asOf: string | undefined}} properties */
export function History({ identifier, asOf }) {
  const { answer, error } = useAnswer("history", pathOf("history", identifier, asOf));
  /** @type {Version[]} */
  const versions = (answer?.versions ?? []).toReversed();
  return html`
    <section aria-label="History">
      <h3>History</h3>
      ${error && html`<p class="mistake" role="alert">${error.message}</p>`}
      <ol class="history">
        ${versions.map(
          (version) => html`
            <li key=${version.version}>
              <p>
                <button type="button" class="link" onClick=${() => lookAt(version.valid_from)}>
                  ${instantText(version.valid_from)}
                </button>
                <strong> ${version.commit.verb}</strong>, version ${version.version}
              </p>
              <${Author} ...${version.commit} />
              <${Changes} changes=${version.changes} />
            </li>
          `,
        )}
      </ol>
    </section>
  `;
}

/**
 * Show the page as of an instant.
 * @param {string} instant
 */
export function lookAt(instant) {
  update({ plan: { ...current().plan, as_of: instant } });
}

/**
 * Who made a commit: as the server knew the caller, and what the client said of itself.
 * @param {{principal: string | null, client: Record<string, string>}} properties
 */
const Author = ({ principal, client }) => html`
  <p class="by">
    ${principal === null ? "by somebody unknown" : `by ${principal}`}${Object.keys(client).length > 0 && `; the client said ${valueText(client)}`}
  </p>
`;

/** @param {{changes: Record<string, [unknown, unknown]>}} properties */
export const Changes = ({ changes }) =>
  Object.keys(changes).length > 0 &&
  html`
    <ul class="changes">
      ${Object.entries(changes).map(
        ([name, [before, after]]) => html`
          <li>
            ${titleOf(name)}: <del>${valueText(before) || "no value"}</del> <span aria-hidden="true">→ </span>
            <span class="unseen"> became </span><ins>${valueText(after) || "no value"}</ins>
          </li>
        `,
      )}
    </ul>
  `;
