/** One condition: its field, its operator, and what that takes. */

import { GROUPS } from "../catalog.js";
import { kindOf, newCondition, operatorsOf } from "../conditions.js";
import { html } from "../html.js";
import { EMPTY, labelOf, LINEAGE } from "../operators.js";
import { useShared } from "../shared.js";
import { isOn } from "../unlikely.js";
import { titleOf } from "../words.js";
import { EntryInput } from "./entries.js";
import { OperandOf } from "./operand.js";

/**
 * @typedef {import("../catalog.js").TypeInfo} TypeInfo
 * @typedef {import("../catalog.js").FieldInfo} FieldInfo
 * @typedef {import("../conditions.js").Condition} Condition
 * @typedef {import("../unlikely.js").Unlikely} Unlikely
 */

/** What the parts of values are called. */
const PARTS = /** @type {Record<string, string>} */ ({ year: "year", month: "month", n_items: "number of items" });

/**
 * @param {{condition: Condition, type: TypeInfo, change: (condition: Condition) => void, remove: () => void}} properties
 */
export function ConditionRow({ condition, type, change, remove }) {
  const field = type.fields.find(({ name }) => name === condition.field);
  const title = condition.field === LINEAGE ? "lineage" : titleOf(condition.field);
  /** @param {any} event */
  const chooseField = (event) => change({ ...newCondition(type, event.target.value), id: condition.id });
  const operators = operatorsOf(condition, type);
  const { described } = useShared();
  const unlikely = /** @type {Unlikely[]} */ (described.answer?.unlikely ?? []);
  const doubts = unlikely.filter((each) => isOn(each, condition, type.name));
  return html`
    <div class="condition" role="group" aria-label=${`Condition on ${title}`}>
      <label class="not">
        <input
          type="checkbox"
          checked=${condition.isNegated}
          onChange=${() => change({ ...condition, isNegated: !condition.isNegated })}
        />
        not
      </label>
      <select aria-label="Field" value=${condition.field} onChange=${chooseField}>
        ${Object.entries(GROUPS).map(([group, name]) => html`<${FieldsOf} group=${group} name=${name} type=${type} />`)}
      </select>
      ${field && html`<${Within} condition=${condition} field=${field} type=${type} change=${change} />`}
      <select
        aria-label="Operator"
        value=${condition.op}
        onChange=${(/** @type {any} */ event) => change({ ...condition, op: event.target.value })}
      >
        ${(operators.includes(condition.op) ? operators : [condition.op, ...operators]).map(
          (name) => html`<option value=${name}>${labelOf(name, kindOf(condition, type))}</option>`,
        )}
      </select>
      <${OperandOf}
        condition=${condition}
        field=${field}
        type=${type}
        kind=${kindOf(condition, type)}
        change=${(/** @type {any} */ operand) => change({ ...condition, operand })}
      />
      <button type="button" class="remove" aria-label=${`Remove the condition on ${title}`} onClick=${remove}>×</button>
      <${Doubts} doubts=${doubts} />
    </div>
  `;
}

/**
 * What the server doubts of a condition, as a line below it.
 * @param {{doubts: Unlikely[]}} properties
 */
export const Doubts = ({ doubts }) => html`
  <div role="status" class="doubts">
    ${doubts.map(({ message }) => html`<p><strong>Unlikely:</strong> ${message}</p>`)}
  </div>
`;

/**
 * The fields of a group, to choose from; with those of the lineage goes the place in it.
 * @param {{group: string, name: string, type: TypeInfo}} properties
 */
function FieldsOf({ group, name, type }) {
  const fields = type.fields.filter((each) => (each.group ?? "payload") === group);
  if (fields.length === 0) return null;
  return html`
    <optgroup label=${name}>
      ${fields.map((each) => html`<option value=${each.name}>${titleOf(each.name)}</option>`)}
      ${group === "lineage" && html`<option value=${LINEAGE}>place in the lineage</option>`}
    </optgroup>
  `;
}

/**
 * What of the field is meant: a part of its value, or an entry of a mapping.
 * @param {{condition: Condition, field: FieldInfo, type: TypeInfo, change: (condition: Condition) => void}} properties
 */
function Within({ condition, field, type, change }) {
  /** @param {Partial<Condition>} of */
  const choose = (of) => {
    const next = { ...condition, ...of };
    const operators = operatorsOf(next, type);
    const op = operators.includes(next.op) ? next.op : (operators[0] ?? next.op);
    change({ ...next, op, operand: kindOf(next, type) === kindOf(condition, type) ? next.operand : EMPTY });
  };
  if (field.has_entries) return html`<${EntryInput} field=${field} value=${condition.key} set=${(/** @type {string} */ key) => choose({ key })} />`;
  const parts = (field.parts ?? []).filter((part) => part in PARTS);
  if (parts.length === 0) return null;
  return html`
    <select
      aria-label="Part of the value"
      value=${condition.part}
      onChange=${(/** @type {any} */ event) => choose({ part: event.target.value })}
    >
      <option value="">itself</option>
      ${parts.map((part) => html`<option value=${part}>${PARTS[part]}</option>`)}
    </select>
  `;
}
