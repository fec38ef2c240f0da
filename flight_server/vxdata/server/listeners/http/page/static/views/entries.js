/** The key of an entry of a mapping, with those that there are. */

import { PAUSE, useAnswer } from "../asking.js";
import { html, useId, useState } from "../html.js";
import { useShared } from "../shared.js";
import { didYouMean } from "../spelling.js";

/** Most keys that are offered; where there are more, a key that is none of them may still be right. */
const MOST = 50;

/** @param {{field: import("../catalog.js").FieldInfo, value: string, set: (key: string) => void}} properties */
export function EntryInput({ field, value, set }) {
  const id = useId();
  const [isUsed, use] = useState(false);
  const { version, relation, as_of } = useShared().asked;
  const question = { question: { plan: { version, relation, as_of } }, fields: [field.name], top: MOST };
  const { answer } = useAnswer(id, isUsed || value ? "facets" : null, question, PAUSE);
  const facet = answer?.facets[field.name];
  /** @type {string[]} */
  const keys = (facet?.values ?? []).map((/** @type {{value: string}} */ each) => each.value);
  const isUnknown = value !== "" && facet?.distinct !== undefined && keys.length > 0 && !keys.includes(value);
  return html`
    <input
      aria-label="Entry"
      placeholder="entry"
      list=${`${id}-keys`}
      autocomplete="off"
      aria-describedby=${isUnknown ? `${id}-doubt` : null}
      value=${value}
      onFocus=${() => use(true)}
      onInput=${(/** @type {any} */ event) => set(event.target.value)}
    />
    <datalist id=${`${id}-keys`}>${keys.map((key) => html`<option value=${key}></option>`)}</datalist>
    ${isUnknown &&
    html`<p class="note" role="status" id=${`${id}-doubt`}><strong>Unlikely:</strong> no row has an entry ${value}. ${didYouMean(value, keys)}</p>`}
  `;
}
