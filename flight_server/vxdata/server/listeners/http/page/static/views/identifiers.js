/** An identifier, typed with a search among those that there are. */

import { PAUSE, useAnswer } from "../asking.js";
import { html, useId, useState } from "../html.js";
import { useShared } from "../shared.js";

/**
 * @param {{label: string, type: string | null, value: string, set: (value: string) => void}} properties
 *   type: Whose identifiers are offered; null for those of the type that the value itself names.
 */
export function IdentifierInput({ label, type, value, set }) {
  const id = useId();
  const [isSearching, search] = useState(false);
  const prefix = value.includes("/") ? (value.split("/")[0] ?? "") : "";
  const named = type ?? (/^[a-z]+$/.test(prefix) ? prefix : null);
  const asOf = useShared().asked.as_of;
  const parameters = { type: named ?? "", begins: value, limit: "20", ...(asOf ? { as_of: asOf } : {}) };
  const path = isSearching && named ? `identifiers?${new URLSearchParams(parameters)}` : null;
  const { answer, error } = useAnswer(id, path, undefined, PAUSE);
  return html`
    <input
      aria-label=${label}
      list=${`${id}-list`}
      autocomplete="off"
      spellcheck=${false}
      placeholder=${type ? `${type}/…` : "type/identifier"}
      value=${value}
      onFocus=${() => search(true)}
      onBlur=${() => search(false)}
      onInput=${(/** @type {any} */ event) => set(event.target.value)}
    />
    <datalist id=${`${id}-list`}>
      ${(answer?.identifiers ?? []).map((/** @type {string} */ each) => html`<option value=${each}></option>`)}
    </datalist>
    ${error && html`<span class="mistake" role="status">${error.message}</span>`}
  `;
}
