/** What an operator takes: a value, several, a range, a text, a subquery … */

import { holdsIdentifiers, identifiedType } from "../catalog.js";
import { html } from "../html.js";
import { OPERATORS } from "../operators.js";
import { IdentifierInput } from "./identifiers.js";
import { SubqueryInput } from "./subquery.js";

/**
 * @typedef {import("../catalog.js").TypeInfo} TypeInfo
 * @typedef {import("../catalog.js").FieldInfo} FieldInfo
 * @typedef {import("../conditions.js").Condition} Condition
 * @typedef {import("../operators.js").Kind} Kind
 * @typedef {import("../operators.js").Operand} Operand
 *
 * @typedef {object} Place
 * @property {Condition} condition
 * @property {FieldInfo | undefined} field
 * @property {TypeInfo} type
 * @property {Kind} kind
 * @property {(operand: Operand) => void} change
 */

/** Type of the input for a kind of values. */
const INPUTS = Object.freeze({ text: "text", number: "number", boolean: "text", date: "date", timestamp: "datetime-local" });

/** Longest vocabulary whose words are all shown as boxes to tick. */
const FEW = 12;

/** @param {Place} place */
export function OperandOf(place) {
  const { condition, kind, change } = place;
  const { operand } = condition;
  const set = (/** @type {Partial<Operand>} */ changes) => change({ ...operand, ...changes });
  switch (OPERATORS[condition.op]?.editor) {
    case "value":
      return html`<${ValueInput} ...${place} label="Value" value=${operand.value} set=${(/** @type {string} */ value) => set({ value })} />`;
    case "values":
      return html`<${ValuesInput} ...${place} set=${set} />`;
    case "range":
      return html`
        <${ValueInput} ...${place} label="From" value=${operand.low} set=${(/** @type {string} */ low) => set({ low })} />
        <span>and</span>
        <${ValueInput} ...${place} label="To" value=${operand.high} set=${(/** @type {string} */ high) => set({ high })} />
      `;
    case "text":
      return html`<${TextInput} operand=${operand} set=${set} />`;
    case "identifier":
      return html`<${IdentifierInput} label="Identifier" type=${null} value=${operand.value} set=${(/** @type {string} */ value) => set({ value })} />`;
    case "query":
    case "compared_query":
      return html`<${SubqueryInput} op=${condition.op} kind=${kind} isCompared=${OPERATORS[condition.op]?.editor === "compared_query"} operand=${operand} set=${set} />`;
    case "sample":
      return html`<${Pair} operand=${operand} set=${set} labels=${["Fraction", "Seed"]} steps=${["any", "1"]} />`;
    case "shard":
      return html`<${Pair} operand=${operand} set=${set} labels=${["Index", "Number of shards"]} steps=${["1", "1"]} />`;
    default:
      return null;
  }
}

/** @param {Place & {label: string, value: string, set: (value: string) => void}} properties */
function ValueInput({ condition, field, type, kind, label, value, set }) {
  const listen = (/** @type {any} */ event) => set(event.target.value);
  const words = condition.part || condition.key ? [] : kind === "boolean" ? ["true", "false"] : (field?.values ?? []);
  if (words.length) {
    // A word that there is not may stand in a text or in a link.
    const offered = value && !words.includes(value) ? [value, ...words] : words;
    return html`
      <select aria-label=${label} value=${value} onChange=${listen}>
        <option value="">choose …</option>
        ${offered.map((word) => html`<option value=${word}>${word}</option>`)}
      </select>
    `;
  }
  if (field && kind === "text" && !condition.key && holdsIdentifiers(field)) {
    return html`<${IdentifierInput} label=${label} type=${identifiedType(field, type)} value=${value} set=${set} />`;
  }
  const unit = kind === "timestamp" ? "UTC" : condition.part ? "" : field?.unit;
  return html`
    <input aria-label=${label} type=${INPUTS[kind]} step=${kind === "timestamp" ? "1" : "any"} value=${value} onInput=${listen} />
    ${unit && html`<span class="unit">${unit}</span>`}
  `;
}

/** @param {Place & {set: (changes: Partial<Operand>) => void}} properties */
function ValuesInput({ condition, field, set }) {
  const { values } = condition.operand;
  const words = condition.key || condition.part ? [] : (field?.values ?? []);
  if (words.length && words.length <= FEW) {
    const toggle = (/** @type {string} */ word) =>
      set({ values: values.includes(word) ? values.filter((each) => each !== word) : [...values, word] });
    return html`
      <fieldset class="words">
        <legend class="unseen">Values</legend>
        ${[...values.filter((value) => !words.includes(value)), ...words].map(
          (word) => html`
            <label><input type="checkbox" checked=${values.includes(word)} onChange=${() => toggle(word)} /> ${word}</label>
          `,
        )}
      </fieldset>
    `;
  }
  return html`
    <textarea
      aria-label="Values, one in each line"
      rows="2"
      placeholder="one value in each line"
      onInput=${(/** @type {any} */ event) => set({ values: event.target.value.split("\n").filter(Boolean) })}
      defaultValue=${values.join("\n")}
    ></textarea>
  `;
}

/** @param {{operand: Operand, set: (changes: Partial<Operand>) => void}} properties */
function TextInput({ operand, set }) {
  return html`
    <input aria-label="Text" value=${operand.value} onInput=${(/** @type {any} */ event) => set({ value: event.target.value })} />
    <label>
      <input type="checkbox" checked=${operand.ignoresCase} onChange=${() => set({ ignoresCase: !operand.ignoresCase })} />
      ignore case
    </label>
  `;
}

/**
 * @param {{operand: Operand, set: (changes: Partial<Operand>) => void, labels: [string, string], steps: [string, string]}} properties
 */
function Pair({ operand, set, labels, steps }) {
  return html`
    <input
      type="number"
      min="0"
      step=${steps[0]}
      aria-label=${labels[0]}
      placeholder=${labels[0].toLowerCase()}
      value=${operand.first}
      onInput=${(/** @type {any} */ event) => set({ first: event.target.value })}
    />
    <input
      type="number"
      min="0"
      step=${steps[1]}
      aria-label=${labels[1]}
      placeholder=${labels[1].toLowerCase()}
      value=${operand.second}
      onInput=${(/** @type {any} */ event) => set({ second: event.target.value })}
    />
  `;
}
