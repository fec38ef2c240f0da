/** The files of a resource, which are fetched from where they lie by addresses that the server signs. */

import { useAnswer } from "../asking.js";
import { html } from "../html.js";
import { titleOf } from "../words.js";
import { canShow, Preview } from "./preview.js";
import { pathOf } from "./resource.js";

/**
 * @typedef {object} FileInfo
 * @property {string} field
 * @property {string} [key]
 * @property {string} url
 * @property {string} [address]
 * @property {string} [problem]
 */

/** @param {{identifier: string, asOf: string | undefined}} properties */
export function Files({ identifier, asOf }) {
  const { answer, error } = useAnswer("files", pathOf("files", identifier, asOf));
  /** @type {FileInfo[]} */
  const files = answer?.files ?? [];
  if (error) return html`<p class="mistake" role="alert">${error.message}</p>`;
  if (files.length === 0) return null;
  return html`
    <section aria-label="Files">
      <h3>Files</h3>
      <ul class="files">
        ${files.map((file) => html`<li key=${`${file.field} ${file.key}`}><${File} identifier=${identifier} file=${file} asOf=${asOf} /></li>`)}
      </ul>
    </section>
  `;
}

/** @param {{identifier: string, file: FileInfo, asOf: string | undefined}} properties */
function File({ identifier, file, asOf }) {
  const label = file.key ? `${titleOf(file.field)}, ${file.key}` : titleOf(file.field);
  const name = file.url.split("/").at(-1) ?? "";
  return html`
    <p>${label}: <span title=${file.url}>${name}</span></p>
    ${file.address
      ? html`<a href=${file.address} download=${name} target="_blank" rel="noreferrer noopener">Download ${name}</a>`
      : html`<p class="by">${file.problem}</p>`}
    ${file.address &&
    canShow(name) &&
    html`<${Preview} key=${`${identifier} ${file.url}`} identifier=${identifier} file=${file} name=${name} asOf=${asOf} />`}
  `;
}
