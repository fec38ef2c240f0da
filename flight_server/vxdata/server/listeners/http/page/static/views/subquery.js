/** A subquery: one field of what a saved query finds. */

import { html } from "../html.js";
import { comparisonOf, comparisonsOf } from "../operators.js";
import { useSaved } from "../saved.js";
import { useShared } from "../shared.js";
import { findAlike, hindranceOf, selectable, subqueryOf } from "../subqueries.js";
import { instantText, titleOf } from "../words.js";

/**
 * @typedef {import("../operators.js").Kind} Kind
 * @typedef {import("../operators.js").Operand} Operand
 */

const SIGNS = /** @type {Record<string, string>} */ ({ "==": "=", "!=": "≠", "<": "<", "<=": "≤", ">": ">", ">=": "≥" });

/** Name of the choice that keeps the subquery that the condition has. */
const KEPT = "";

/**
 * @param {{op: string, kind: Kind, isCompared: boolean, operand: Operand, set: (changes: Partial<Operand>) => void}} properties
 */
export function SubqueryInput({ op, kind, isCompared, operand, set }) {
  const { catalog } = useShared();
  const saved = useSaved();
  const { query } = operand;
  const isAlike = (/** @type {Record<string, any>} */ plan) => query && !hindranceOf(plan) && findAlike(plan, query);
  const name = Object.keys(saved).find((each) => isAlike(saved[each] ?? {})) ?? KEPT;
  const instant = saved[name]?.as_of;
  const fitting = (/** @type {string | undefined} */ relation) =>
    selectable(op, kind, catalog.types.find((each) => each.name === relation)).map((field) => field.name);
  const fields = fitting(query?.relation);
  /** @param {any} event */
  const choose = (event) => {
    const plan = saved[event.target.value];
    if (plan) set({ query: subqueryOf(plan, fitting(plan.relation)[0] ?? "identifier") });
  };
  return html`
    ${isCompared &&
    html`
      <select
        aria-label="Comparison"
        value=${comparisonOf(op, operand)}
        onChange=${(/** @type {any} */ event) => set({ comparison: event.target.value })}
      >
        ${comparisonsOf(op).map((each) => html`<option value=${each}>${SIGNS[each]}</option>`)}
      </select>
    `}
    <select aria-label="Saved query" value=${name} onChange=${choose}>
      <option value=${KEPT}>${query ? `a query of ${query.relation}` : "choose a saved query …"}</option>
      ${Object.entries(saved).map(([each, plan]) => {
        const hindrance = hindranceOf(plan);
        return html`
          <option value=${each} disabled=${Boolean(hindrance)}>${each}${hindrance ? ` (cannot be a subquery: ${hindrance})` : ""}</option>
        `;
      })}
    </select>
    ${query &&
    html`
      <select
        aria-label="Field of the query"
        value=${query.select}
        onChange=${(/** @type {any} */ event) => set({ query: { ...query, select: event.target.value } })}
      >
        ${(fields.includes(query.select) ? fields : [query.select, ...fields]).map(
          (each) => html`<option value=${each}>${titleOf(each)}</option>`,
        )}
      </select>
    `}
    ${instant &&
    html`
      <p class="note" role="status">
        Read at the instant of the whole query, not as of ${instantText(instant)}, at which ${name} was saved.
      </p>
    `}
  `;
}
