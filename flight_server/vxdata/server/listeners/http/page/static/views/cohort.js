/** A cohort of a catalog: subjects or files that meet filters, their summary and their first rows. */

import { useAnswer } from "../asking.js";
import { html, useState } from "../html.js";
import { counted, valueText } from "../words.js";

/** Rows that are shown. */
const ROWS = 100;

/** What there can be a cohort of, as the API names it. */
const ENTITIES = Object.freeze({ subject: "Subjects", file: "Files" });

/** @param {{catalog: string}} properties */
export function Cohort({ catalog }) {
  const [entity, choose] = useState("subject");
  const [all, setAll] = useState("");
  const [some, setSome] = useState("");
  const [asked, ask] = useState(/** @type {{entity: string, body: Record<string, string[]>} | null} */ (null));
  const body = { ...(linesOf(all).length ? { MATCH_ALL: linesOf(all) } : {}), ...(linesOf(some).length ? { MATCH_SOME: linesOf(some) } : {}) };
  return html`
    <section aria-label="Cohort">
      <form
        class="cohort"
        onSubmit=${(/** @type {Event} */ event) => {
          event.preventDefault();
          ask({ entity, body });
        }}
      >
        <label>
          Cohort of
          <select value=${entity} onChange=${(/** @type {any} */ { target }) => choose(target.value)}>
            ${Object.entries(ENTITIES).map(([name, title]) => html`<option value=${name}>${title}</option>`)}
          </select>
        </label>
        <${FilterInput} label="All of these hold, one a line" value=${all} set=${setAll} />
        <${FilterInput} label="At least one of these holds, one a line" value=${some} set=${setSome} />
        <button type="submit">Find</button>
      </form>
      ${asked && html`<${Found} catalog=${catalog} entity=${asked.entity} body=${asked.body} />`}
    </section>
  `;
}

/** @param {{label: string, value: string, set: (text: string) => void}} properties */
function FilterInput({ label, value, set }) {
  return html`
    <label>
      ${label}
      <textarea
        rows="2"
        spellcheck=${false}
        placeholder="column = value"
        value=${value}
        onInput=${(/** @type {any} */ { target }) => set(target.value)}
      ></textarea>
    </label>
  `;
}

/** @param {string} text */
const linesOf = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);

/** @param {{catalog: string, entity: string, body: Record<string, string[]>}} properties */
function Found({ catalog, entity, body }) {
  const base = `../${encodeURIComponent(catalog)}`;
  const found = useAnswer("cohort", `${base}/data/${entity}?limit=${ROWS}`, body);
  const summed = useAnswer("summary", `${base}/summary/${entity}`, body);
  const error = found.error ?? summed.error;
  if (error) return html`<p class="mistake" role="alert">${error.message}</p>`;
  if (!found.answer) return html`<p class="none">Looking …</p>`;
  /** @type {Record<string, unknown>[]} */
  const rows = found.answer.result;
  return html`
    <p class="found" role="status">${counted(found.answer.total_row_count, entity)}</p>
    ${rows.length > 0 && html`<${Records} label="Rows of the cohort" rows=${rows} />`}
    ${(summed.answer?.result ?? []).map((/** @type {Record<string, unknown>} */ summary) => html`<${Summary} summary=${summary} />`)}
  `;
}

/** @param {{summary: Record<string, unknown>}} properties */
function Summary({ summary }) {
  return html`
    <details class="summary">
      <summary>Summary</summary>
      <dl class="card">
        ${Object.entries(summary).map(([name, value]) => html`<dt>${name}</dt><dd><${Part} name=${name} value=${value} /></dd>`)}
      </dl>
    </details>
  `;
}

/** @param {{name: string, value: unknown}} properties */
function Part({ name, value }) {
  const isTable = Array.isArray(value) && value.length > 0 && value.every((each) => each !== null && typeof each === "object");
  return isTable ? html`<${Records} label=${name} rows=${value} />` : valueText(value);
}

/** @param {{label: string, rows: Record<string, unknown>[]}} properties */
function Records({ label, rows }) {
  const names = Object.keys(rows[0] ?? {});
  return html`
    <div class="scroll" tabindex="0" role="region" aria-label=${label}>
      <table class="plain">
        <thead><tr>${names.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
        <tbody>
          ${rows.map((row) => html`<tr>${names.map((name) => html`<td>${valueText(row[name])}</td>`)}</tr>`)}
        </tbody>
      </table>
    </div>
  `;
}
