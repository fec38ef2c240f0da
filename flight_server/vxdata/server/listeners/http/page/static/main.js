/** The page: begins with the state of its address, and draws the parts in their places. */

import { html, render } from "./html.js";
import { useShared, WithShared } from "./shared.js";
import { followAddress, update, useAppState } from "./state.js";
import { Catalogs } from "./views/catalogs.js";
import { Fields } from "./views/fields.js";
import { Filters } from "./views/filters.js";
import { Top } from "./views/top.js";
import { DRAWERS, VIEWS } from "./views/views.js";

/** What the server says to a question for its own data when it has none, and only catalogs. */
const WITHOUT_OWN = "UNKNOWN_CATALOG";

function Page() {
  const { catalog } = useShared();
  return catalog.error?.code === WITHOUT_OWN ? html`<${OtherData} />` : html`<${OwnData} />`;
}

function OtherData() {
  return html`
    <${Top} />
    <main id="query" tabindex="-1"><section class="view" aria-label="Catalogs"><${Catalogs} /></section></main>
  `;
}

function OwnData() {
  const state = useAppState();
  const { catalog } = useShared();
  const shown = VIEWS.find((each) => each.name === state.view) ?? VIEWS[0];
  const drawer = DRAWERS.find((each) => each.isOpen(state));
  return html`
    <a class="skip" href="#query" onClick=${toQuery}>Skip to the query</a>
    <${Top} />
    <div class="places">
      <aside class="side" aria-label="Types and fields"><${Fields} /></aside>
      <main id="query" tabindex="-1">
        ${catalog.error && html`<p class="mistake" role="alert">${catalog.error.message}</p>`}
        <${Filters} />
        <nav class="tabs" aria-label="Views">
          ${VIEWS.map(
            (each) => html`
              <button
                type="button"
                aria-current=${each === shown ? "page" : null}
                onClick=${() => update({ view: each.name })}
              >
                ${each.title}
              </button>
            `,
          )}
        </nav>
        ${shown && html`<section class="view" aria-label=${shown.title}><${shown.component} /></section>`}
      </main>
      ${drawer && html`<${drawer.component} />`}
    </div>
  `;
}

/**
 * Move the focus without touching the address, which holds the state.
 * @param {Event} event
 */
function toQuery(event) {
  event.preventDefault();
  document.getElementById("query")?.focus();
}

await followAddress();
render(html`<${WithShared}><${Page} /><//>`, document.body);
