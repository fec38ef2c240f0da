/** Saving the query by a name, and opening those that are saved. */

import { html, useState } from "../html.js";
import { forget, save, useSaved } from "../saved.js";
import { update, useAppState } from "../state.js";
import { Menu } from "./menu.js";

export function SavedQueries() {
  const { plan } = useAppState();
  const saved = useSaved();
  const [name, setName] = useState("");
  /** @param {Event} event */
  const submit = (event) => {
    event.preventDefault();
    if (name.trim() === "") return;
    save(name.trim(), plan);
    setName("");
  };
  const names = Object.keys(saved).sort();
  return html`
    <${Menu} title="Saved queries">
      <form onSubmit=${submit}>
        <input
          aria-label="Name of the query"
          placeholder="name of this query"
          value=${name}
          onInput=${(/** @type {any} */ event) => setName(event.target.value)}
        />
        <button type="submit">Save</button>
      </form>
      <ul>
        ${names.map(
          (each) => html`
            <li>
              <button type="button" onClick=${() => update({ plan: saved[each] ?? plan })}>${each}</button>
              <button type="button" class="remove" aria-label=${`Forget ${each}`} onClick=${() => forget(each)}>×</button>
            </li>
          `,
        )}
      </ul>
      ${names.length === 0 && html`<p>Nothing is saved in this browser yet.</p>`}
    <//>
  `;
}
