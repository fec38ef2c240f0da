/** A subquery: one field of what a saved query finds. */

import { html } from "../html.js";
import { useSaved } from "../saved.js";
import { useShared } from "../shared.js";
import { titleOf } from "../words.js";

/**
 * @typedef {import("../operators.js").Operand} Operand
 */

const COMPARISONS = Object.freeze({ "==": "=", "!=": "≠", "<": "<", "<=": "≤", ">": ">", ">=": "≥" });

/** Name of the choice that keeps the subquery that the condition has. */
const KEPT = "";

/**
 * @param {{isCompared: boolean, operand: Operand, set: (changes: Partial<Operand>) => void}} properties
 */
export function SubqueryInput({ isCompared, operand, set }) {
  const { catalog } = useShared();
  const saved = useSaved();
  const { query } = operand;
  const name = Object.keys(saved).find((each) => query && sameRows(subquery(saved[each] ?? {}, query.select), query)) ?? KEPT;
  const fields = catalog.types.find((each) => each.name === query?.relation)?.fields ?? [];
  /** @param {any} event */
  const choose = (event) => {
    const plan = saved[event.target.value];
    if (plan) set({ query: subquery(plan, "identifier") });
  };
  return html`
    ${isCompared &&
    html`
      <select
        aria-label="Comparison"
        value=${operand.comparison}
        onChange=${(/** @type {any} */ event) => set({ comparison: event.target.value })}
      >
        ${Object.entries(COMPARISONS).map(([op, sign]) => html`<option value=${op}>${sign}</option>`)}
      </select>
    `}
    <select aria-label="Saved query" value=${name} onChange=${choose}>
      <option value=${KEPT}>${query ? `a query of ${query.relation}` : "choose a saved query …"}</option>
      ${Object.keys(saved).map((each) => html`<option value=${each}>${each}</option>`)}
    </select>
    ${query &&
    html`
      <select
        aria-label="Field of the query"
        value=${query.select}
        onChange=${(/** @type {any} */ event) => set({ query: { ...query, select: event.target.value } })}
      >
        ${fields.map((field) => html`<option value=${field.name}>${titleOf(field.name)}</option>`)}
      </select>
    `}
  `;
}

/**
 * The values of a field that a plan finds, as a part of another plan.
 * @param {Record<string, any>} plan
 * @param {string} select
 */
function subquery({ relation, where, order_by, limit, offset }, select) {
  return Object.fromEntries(
    Object.entries({ relation, where, select, order_by, limit, offset }).filter(([, value]) => value !== undefined),
  );
}

/**
 * @param {Record<string, any>} one
 * @param {Record<string, any>} other
 */
function sameRows(one, other) {
  const keys = ["relation", "where", "order_by", "limit", "offset"];
  return keys.every((key) => JSON.stringify(one[key]) === JSON.stringify(other[key]));
}
