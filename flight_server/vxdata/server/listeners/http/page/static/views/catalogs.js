/** Catalogs of other databases: what they hold, and cohorts of them. */

import { useAnswer } from "../asking.js";
import { html } from "../html.js";
import { update, useAppState } from "../state.js";
import { counted } from "../words.js";
import { Cohort } from "./cohort.js";

/**
 * @typedef {object} CatalogInfo
 * @property {string} name
 * @property {boolean} is_loaded
 * @property {boolean} serves_cohorts
 * @property {string | null} problem
 * @property {string | null} release
 * @property {number} tables
 *
 * @typedef {object} Key
 * @property {string[]} columns
 * @property {string} table
 * @property {string[]} target
 *
 * @typedef {object} Table
 * @property {string} name
 * @property {{name: string, sql_type: string, is_nullable: boolean, comment: string | null}[]} columns
 * @property {string[]} primary_key
 * @property {Key[]} foreign_keys
 * @property {string | null} comment
 */

export function Catalogs() {
  const { catalog } = useAppState();
  const { answer, error } = useAnswer("catalogs", "catalogs");
  /** @type {CatalogInfo[]} */
  const catalogs = answer?.catalogs ?? [];
  const shown = catalogs.find(({ name }) => name === catalog) ?? catalogs[0];
  if (error) return html`<p class="mistake" role="alert">${error.message}</p>`;
  if (!answer) return html`<p class="none">Looking for catalogs …</p>`;
  if (!shown) return html`<p class="none">This server has no catalogs of other databases.</p>`;
  return html`
    <div class="settings">
      <label>
        Catalog
        <select value=${shown.name} onChange=${(/** @type {any} */ { target }) => update({ catalog: target.value })}>
          ${catalogs.map(({ name }) => html`<option value=${name}>${name}</option>`)}
        </select>
      </label>
      <p>
        ${counted(shown.tables, "table")}${shown.release ? `; release ${shown.release}` : ""}
        ${shown.serves_cohorts && html`; <a href=${`${shown.name}/docs`}>its API</a>`}
      </p>
    </div>
    ${shown.problem && html`<p class="mistake">${shown.problem}</p>`}
    ${shown.serves_cohorts && html`<${Cohort} key=${shown.name} catalog=${shown.name} />`}
    ${shown.is_loaded && html`<${Tables} key=${shown.name} catalog=${shown.name} />`}
  `;
}

/** @param {{catalog: string}} properties */
function Tables({ catalog }) {
  const { answer, error } = useAnswer("catalog", `catalogs/${encodeURIComponent(catalog)}`);
  /** @type {Table[]} */
  const tables = answer?.described ?? [];
  return html`
    <section aria-label="Tables" class="tables">
      <div class="heading"><h2>Tables and their relationships</h2></div>
      ${error && html`<p class="mistake" role="alert">${error.message}</p>`}
      ${tables.map((table) => html`<${Described} key=${table.name} table=${table} />`)}
    </section>
  `;
}

/** @param {{table: Table}} properties */
function Described({ table }) {
  return html`
    <details>
      <summary>${table.name} (${counted(table.columns.length, "column")})</summary>
      ${table.comment && html`<p>${table.comment}</p>`}
      <table class="plain">
        <caption class="unseen">Columns of ${table.name}</caption>
        <thead><tr><th scope="col">Column</th><th scope="col">Type</th><th scope="col">Refers to</th><th scope="col">Meaning</th></tr></thead>
        <tbody>
          ${table.columns.map(
            (column) => html`
              <tr>
                <th scope="row">${column.name}${table.primary_key.includes(column.name) ? " (key)" : ""}</th>
                <td>${column.sql_type}${column.is_nullable ? "" : ", never null"}</td>
                <td>${targetsOf(table, column.name)}</td>
                <td>${column.comment ?? ""}</td>
              </tr>
            `,
          )}
        </tbody>
      </table>
    </details>
  `;
}

/**
 * What a column refers to, as `table.column`.
 * @param {Table} table
 * @param {string} column
 */
function targetsOf(table, column) {
  const targets = table.foreign_keys
    .filter(({ columns }) => columns.includes(column))
    .map(({ columns, table: other, target }) => `${other}.${target[columns.indexOf(column)]}`);
  return targets.join(", ");
}
