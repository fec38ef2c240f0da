/** The types, and the fields of one: what they mean, how many have a value, and which values. */

import { newCondition, treeOf } from "../conditions.js";
import { GROUPS, typeText } from "../catalog.js";
import { useFacets } from "../facets.js";
import { html, useEffect, useId, useMemo, useRef, useState } from "../html.js";
import { rowsOf } from "../plans.js";
import { useRoving } from "../roving.js";
import { useShared } from "../shared.js";
import { current, update, useAppState } from "../state.js";
import { countText, shareText, titleOf } from "../words.js";
import { FacetOf } from "./facet.js";

/**
 * @typedef {import("../catalog.js").FieldInfo} FieldInfo
 * @typedef {import("../catalog.js").TypeInfo} TypeInfo
 * @typedef {import("../facets.js").Facet} Facet
 */

export function Fields() {
  const { plan } = useAppState();
  const { types, type } = useShared().catalog;
  const [wanted, want] = useState("");
  const id = useId();
  return html`
    <label for=${id}>Type</label>
    <select id=${id} value=${plan.relation} onChange=${choose}>
      ${types.map(
        (each) => html`
          <option value=${each.name}>
            ${each.title}${each.count === undefined || each.count === null ? "" : ` (${countText(each.count)})`}
          </option>
        `,
      )}
    </select>
    ${type &&
    html`
      <p class="about">${type.description}</p>
      <input
        type="search"
        aria-label="Find a field"
        placeholder="Find a field"
        value=${wanted}
        onInput=${(/** @type {any} */ event) => want(event.target.value)}
      />
      <${FieldList} type=${type} wanted=${wanted} />
    `}
  `;
}

/** @param {any} event */
function choose(event) {
  const { plan } = current();
  update({
    plan: { version: 2, relation: event.target.value, ...(plan.as_of ? { as_of: plan.as_of } : {}) },
    resource: null,
  });
}

/** @param {{type: TypeInfo, wanted: string}} properties */
function FieldList({ type, wanted }) {
  const { asked } = useShared();
  const read = useMemo(() => rowsOf(asked), [asked.relation, asked.where, asked.as_of]);
  const { facets, see } = useFacets(read);
  const roving = useRoving(".fields > li");
  const keys = useId();
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (/** @type {FieldInfo} */ field) => {
    const text = `${field.name} ${titleOf(field.name)} ${field.description ?? ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  const groups = Object.entries(GROUPS).map(([name, title]) => ({
    title,
    fields: type.fields.filter((field) => (field.group ?? "payload") === name && fits(field)),
  }));
  const shown = groups.filter(({ fields }) => fields.length);
  return html`
    ${facets.error && html`<p class="mistake" role="status">No figures: ${facets.error.message}</p>`}
    ${shown.length === 0 && html`<p role="status">No field of ${type.title} has these words.</p>`}
    <div role="group" aria-label="Fields" aria-describedby=${keys} ...${roving}>
      <p id=${keys} class="unseen">Up and down go from field to field, right and left among the values of one.</p>
      ${shown.map(
        ({ title, fields }) => html`
          <section aria-label=${`${title} fields`}>
            <h2>${title}</h2>
            <ul class="fields">
              ${fields.map(
                (field) => html`
                  <${FieldItem}
                    key=${`${type.name}.${field.name}`}
                    field=${field}
                    type=${type}
                    facet=${facets.byField[field.name]}
                    rows=${facets.rows}
                    see=${see}
                  />
                `,
              )}
            </ul>
          </section>
        `,
      )}
    </div>
  `;
}

/**
 * @param {{field: FieldInfo, type: TypeInfo, facet: Facet | undefined, rows: number,
 *   see: (field: string, isInSight: boolean) => void}} properties
 */
function FieldItem({ field, type, facet, rows, see }) {
  const item = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    const observer = new IntersectionObserver((entries) => {
      for (const entry of entries) see(field.name, entry.isIntersecting);
    });
    if (item.current) observer.observe(item.current);
    return () => {
      observer.disconnect();
      see(field.name, false);
    };
  }, [field.name]);
  return html`
    <li ref=${item}>
      <div class="field">
        <button type="button" tabindex="-1" title="Add a condition" aria-label=${`Filter by ${titleOf(field.name)}`} onClick=${() => filterBy(type, field)}>
          ${titleOf(field.name)}
        </button>
        <span class="type">${typeText(field)}${field.unit ? html`, <abbr class="unit">${field.unit}</abbr>` : ""}</span>
      </div>
      ${field.description && html`<p>${field.description}</p>`}
      ${facet && rows > 0 && html`<p class="nulls">${facet.nulls ? `${shareText(facet.nulls / rows)} without a value` : "always has a value"}</p>`}
      ${facet && html`<${FacetOf} field=${field} facet=${facet} rows=${rows} />`}
    </li>
  `;
}

/**
 * @param {TypeInfo} type
 * @param {FieldInfo} field
 */
function filterBy(type, field) {
  const { plan, draft } = current();
  const tree = draft ?? treeOf(plan.where, type);
  const condition = newCondition(type, field.name);
  const all = tree.op === "and" || tree.terms.length < 2;
  update({ draft: all ? { ...tree, op: "and", terms: [...tree.terms, condition] } : { ...treeOf(null, type), terms: [tree, condition] } });
}
