/** Bars in a table, so that what is drawn can also be read; a bar adds its condition to the query. */

import { withTerm } from "../conditions.js";
import { html } from "../html.js";
import { useRoving } from "../roving.js";
import { current, update } from "../state.js";
import { numberText } from "../words.js";

/**
 * @typedef {object} Bar
 * @property {string} label
 * @property {number | null} value What its length shows.
 * @property {Record<string, any>} term The condition that its rows meet.
 */

/** @param {{caption: string, head: string, measure: string, bars: Bar[]}} properties */
export function BarTable({ caption, head, measure, bars }) {
  const roving = useRoving("tr");
  if (bars.length === 0) return html`<p class="none">The query finds no rows.</p>`;
  const most = Math.max(...bars.map(({ value }) => Math.abs(value ?? 0)), Number.MIN_VALUE);
  return html`
    <div class="scroll plot" tabindex="0" role="region" aria-label=${caption}>
      <table class="plain bars">
        <caption class="unseen">${caption}</caption>
        <thead><tr><th scope="col">${head}</th><th scope="col" class="number">${measure}</th><td></td></tr></thead>
        <tbody ...${roving}>
          ${bars.map(
            ({ label, value, term }) => html`
              <tr>
                <th scope="row">
                  <button type="button" class="link" tabindex="-1" aria-label=${`Only ${head} ${label}`} onClick=${() => narrow(term)}>${label}</button>
                </th>
                <td class="number">${value === null ? "no value" : numberText(value)}</td>
                <td class="length" onClick=${() => narrow(term)}>
                  <span style=${{ width: `${(100 * Math.abs(value ?? 0)) / most}%` }}></span>
                </td>
              </tr>
            `,
          )}
        </tbody>
      </table>
    </div>
  `;
}

/**
 * Let the query find only the rows that meet a condition, too.
 * @param {Record<string, any>} term
 */
export function narrow(term) {
  const { plan } = current();
  const terms = term.op === "and" ? term.terms : [term];
  update({ plan: { ...plan, where: terms.reduce(withTerm, plan.where) } });
}
