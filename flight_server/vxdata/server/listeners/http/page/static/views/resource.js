/** The drawer of one resource: what it is, what stands around it, what it was, and its files. */

import { useAnswer } from "../asking.js";
import { GROUPS } from "../catalog.js";
import { html, useEffect, useRef } from "../html.js";
import { useShared } from "../shared.js";
import { current, update, useAppState } from "../state.js";
import { isNumber, numberText, titleOf, valueText } from "../words.js";
import { Files } from "./files.js";
import { History } from "./history.js";
import { Lineage } from "./lineage.js";

/**
 * @typedef {import("../catalog.js").FieldInfo} FieldInfo
 * @typedef {Record<string, any>} Resource
 */

/** Fields that hold the identifier of another resource, so that it can be opened. */
const REFERENCES = new Set(["parent_identifier", "patient_id", "study_id", "datasource_id"]);

export function ResourceDrawer() {
  const { resource } = useAppState();
  const { asked, catalog } = useShared();
  const asOf = asked.as_of;
  const found = useAnswer("resource", pathOf("resources", resource ?? "", asOf));
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => box.current?.focus(), [resource]);
  if (resource === null) return null;
  const type = catalog.types.find((each) => each.name === resource.split("/")[0]);
  const shown = found.answer?.resource.identifier === resource ? found.answer.resource : null;
  return html`
    <aside
      class="drawer"
      aria-label=${`Resource ${resource}`}
      tabindex="-1"
      ref=${box}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Escape" && close()}
    >
      <div class="heading">
        <h2>${type?.title ?? "Resource"}</h2>
        <button type="button" class="close" onClick=${close}>Close</button>
      </div>
      <p class="identifier">${resource}</p>
      ${found.error && html`<p class="mistake" role="alert">${found.error.message}</p>`}
      ${shown && html`<${Payload} resource=${shown} fields=${type?.fields ?? []} />`}
      <${Lineage} identifier=${resource} asOf=${asOf} />
      <${History} identifier=${resource} asOf=${asOf} />
      ${shown && html`<${Files} identifier=${resource} asOf=${asOf} />`}
    </aside>
  `;
}

/**
 * The address of what is asked of one resource.
 * @param {string} family Such as `children`.
 * @param {string} identifier Its slashes stand as they are.
 * @param {string | undefined} asOf
 * @param {Record<string, string>} [others] More parameters.
 */
export function pathOf(family, identifier, asOf, others = {}) {
  const parameters = new URLSearchParams({ ...others, ...(asOf ? { as_of: asOf } : {}) }).toString();
  const escaped = identifier.split("/").map(encodeURIComponent).join("/");
  return `${family}/${escaped}${parameters ? `?${parameters}` : ""}`;
}

/**
 * A button that opens a resource in the drawer.
 * @param {{identifier: string}} properties
 */
export const ResourceLink = ({ identifier }) => html`
  <button type="button" class="link" title=${identifier} onClick=${() => update({ resource: identifier })}>
    ${identifier}
  </button>
`;

/** Close the drawer, and go back to where the row is. */
function close() {
  const closed = current().resource;
  update({ resource: null });
  const links = [...document.querySelectorAll("main button.link")];
  const link = /** @type {HTMLElement | undefined} */ (links.find((each) => each.textContent?.trim() === closed));
  (link ?? document.getElementById("query"))?.focus();
}

/** @param {{resource: Resource, fields: FieldInfo[]}} properties */
function Payload({ resource, fields }) {
  return Object.entries(GROUPS).map(([group, title]) => {
    const held = fields.filter((field) => field.group === group && field.name !== "identifier");
    const known = held.filter(({ name }) => !isEmpty(resource[name]));
    const without = held.length - known.length;
    if (held.length === 0) return null;
    return html`
      <section aria-label=${title}>
        <h3>${title}</h3>
        <dl class="card">
          ${known.map(
            (field) => html`
              <dt title=${field.description}>${titleOf(field.name)}</dt>
              <dd><${Value} field=${field} value=${resource[field.name]} /></dd>
            `,
          )}
        </dl>
        ${without > 0 &&
        html`
          <details>
            <summary>${without} without a value</summary>
            <p>${held.filter((field) => !known.includes(field)).map(({ name }) => titleOf(name)).join(", ")}</p>
          </details>
        `}
      </section>
    `;
  });
}

/** @param {unknown} value */
const isEmpty = (value) =>
  value === null || value === undefined || (typeof value === "object" && Object.keys(value).length === 0);

/** @param {{field: FieldInfo, value: any}} properties */
function Value({ field, value }) {
  if (REFERENCES.has(field.name)) return html`<${ResourceLink} identifier=${value} />`;
  const text = isNumber(value) && field.group === "payload" ? numberText(value) : valueText(value);
  return html`${text}${field.unit && html` <span class="unit">${field.unit}</span>`}`;
}
