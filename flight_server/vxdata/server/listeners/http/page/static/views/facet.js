/** The values of one field: the most frequent ones, or how numbers and years are distributed. */

import { withTerm } from "../conditions.js";
import { html } from "../html.js";
import { current, update } from "../state.js";
import { counted, countText, isNumber, numberText, titleOf, valueText } from "../words.js";

/**
 * @typedef {import("../catalog.js").FieldInfo} FieldInfo
 * @typedef {import("../facets.js").Facet} Facet
 * @typedef {{label: string, count: number, node: Record<string, any>}} Bar
 */

/** @param {{field: FieldInfo, facet: Facet, rows: number}} properties */
export function FacetOf({ field, facet, rows }) {
  if (facet.values?.length && facet.values.every(({ count }) => count === 1) && rows > facet.values.length) {
    return html`<p>Hardly any value occurs twice.</p>`;
  }
  if (facet.values?.length) return html`<${TopValues} field=${field} values=${facet.values} rows=${rows} />`;
  const bars = barsOf(field, facet);
  if (bars.length === 0) return null;
  return html`
    <${Histogram} field=${field} bars=${bars} />
    <p class="ends" aria-hidden="true"><span>${endText(facet.min ?? bars[0]?.label)}</span><span>${endText(facet.max ?? bars.at(-1)?.label)}</span></p>
  `;
}

/** @param {unknown} value */
const endText = (value) => (isNumber(value) ? numberText(value) : String(value ?? "").slice(0, 10));

/** @param {{field: FieldInfo, values: {value: any, count: number}[], rows: number}} properties */
function TopValues({ field, values, rows }) {
  return html`
    <ul class="values" aria-label=${`Most frequent values of ${titleOf(field.name)}`}>
      ${values.map(({ value, count }) => {
        const text = value === null ? "no value" : valueText(value);
        return html`
          <li>
            <button
              type="button"
              tabindex="-1"
              aria-label=${`Only ${titleOf(field.name)} ${text}, ${counted(count, "row")}`}
              onClick=${() => add(nodeOf(field, value))}
            >
              <span class="bar" style=${{ width: `${(100 * count) / Math.max(rows, count, 1)}%` }}></span>
              <span class="value" title=${text}>${text}</span>
              ${" "}<span class="count">${countText(count)}</span>
            </button>
          </li>
        `;
      })}
    </ul>
  `;
}

/** @param {{field: FieldInfo, bars: Bar[]}} properties */
function Histogram({ field, bars }) {
  const most = Math.max(...bars.map(({ count }) => count), 1);
  return html`
    <div class="histogram" role="group" aria-label=${`Distribution of ${titleOf(field.name)}`}>
      ${bars.map(
        ({ label, count, node }) => html`
          <button
            type="button"
            tabindex="-1"
            title=${`${label}: ${counted(count, "row")}`}
            aria-label=${`Only ${titleOf(field.name)} ${label}, ${counted(count, "row")}`}
            onClick=${() => add(node)}
          >
            <span style=${{ height: `${count ? Math.max((100 * count) / most, 4) : 0}%` }}></span>
          </button>
        `,
      )}
    </div>
  `;
}

/**
 * @param {FieldInfo} field
 * @param {Facet} facet
 * @returns {Bar[]}
 */
function barsOf(field, facet) {
  if (facet.years) {
    return facet.years.map(({ year, month, count }) => {
      const inYear = { op: "==", field: field.name, part: "year", value: year };
      const inMonth = { op: "==", field: field.name, part: "month", value: month };
      return month
        ? { label: `${year}-${String(month).padStart(2, "0")}`, count, node: { op: "and", terms: [inYear, inMonth] } }
        : { label: String(year), count, node: inYear };
    });
  }
  return (facet.histogram ?? []).map(({ from, to, count }) => ({
    label: `from ${numberText(from)} to below ${numberText(to)}`,
    count,
    node: {
      op: "and",
      terms: [
        { op: ">=", field: field.name, value: from },
        { op: "<", field: field.name, value: to },
      ],
    },
  }));
}

/**
 * The condition that a field has a value.
 * @param {FieldInfo} field
 * @param {any} value
 */
function nodeOf(field, value) {
  if (value === null) return { op: "is_null", field: field.name };
  if (field.type === "textlist" || field.has_entries) return { op: "contains_any", field: field.name, values: [value] };
  return { op: "==", field: field.name, value };
}

/** @param {Record<string, any>} node */
function add(node) {
  const { plan } = current();
  const terms = node.op === "and" ? node.terms : [node];
  const where = terms.reduce(withTerm, plan.where);
  update({ plan: { ...plan, where } });
}
