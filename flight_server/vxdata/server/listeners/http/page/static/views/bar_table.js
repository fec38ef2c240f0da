/** Bars in a table, so that what is drawn can also be read; a bar adds its condition to the query. */

import { withTerm } from "../conditions.js";
import { html } from "../html.js";
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
  const most = Math.max(...bars.map(({ value }) => Math.abs(value ?? 0)), Number.MIN_VALUE);
  return html`
    <div class="scroll plot" tabindex="0" role="region" aria-label=${caption}>
      <table class="plain bars">
        <caption class="unseen">${caption}</caption>
        <thead><tr><th scope="col">${head}</th><th scope="col" class="number">${measure}</th><td></td></tr></thead>
        <tbody>
          ${bars.map(
            ({ label, value, term }) => html`
              <tr>
                <th scope="row">
                  <button type="button" class="link" aria-label=${`Only ${head} ${label}`} onClick=${() => narrow(term)}>${label}</button>
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

/**
 * A plan for the rows that the query finds, without their order, their number and their columns.
 * @param {Record<string, any>} plan
 * @param {Record<string, any>} changes
 */
export function rowsOf({ version, relation, where, as_of }, changes) {
  return { version, relation, ...(where ? { where } : {}), ...(as_of ? { as_of } : {}), ...changes };
}
