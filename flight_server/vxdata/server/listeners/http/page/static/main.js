/** The page: begins with the state of its address, and draws the parts in their places. */

import { html, render } from "./html.js";
import { findSession, useSession } from "./session.js";
import { useShared, WithShared } from "./shared.js";
import { didYouMean } from "./spelling.js";
import { followAddress, update, useAppState } from "./state.js";
import { Catalogs } from "./views/catalogs.js";
import { Fields } from "./views/fields.js";
import { Filters } from "./views/filters.js";
import { SignIn } from "./views/sign_in.js";
import { Top } from "./views/top.js";
import { DRAWERS, VIEWS } from "./views/views.js";

/** What the server says to a question for its own data when it has none, and only catalogs. */
const WITHOUT_OWN = "UNKNOWN_CATALOG";

/** All that is shown of the data is gone as soon as nobody is signed in, and made anew for the next user. */
function Page() {
  const { isRefused, user } = useSession();
  return isRefused ? html`<${SignIn} />` : html`<${WithShared} key=${user}><${Data} /><//>`;
}

function Data() {
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
  const { asked, catalog } = useShared();
  const shown = VIEWS.find((each) => each.name === state.view) ?? VIEWS[0];
  const drawer = DRAWERS.find((each) => each.isOpen(state));
  return html`
    <a class="skip" href="#query" onClick=${toQuery}>Skip to the query</a>
    <${Top} />
    <div class="places">
      <aside class="side" aria-label="Types and fields"><${Fields} /></aside>
      <main id="query" tabindex="-1">
        ${problemsOf(state).map((problem) => html`<p class="mistake" role="alert">${problem}</p>`)}
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
        ${shown && asked.as_of && html`<section class="view" aria-label=${shown.title}><${shown.component} /></section>`}
      </main>
      ${drawer && asked.as_of && html`<${drawer.component} />`}
    </div>
  `;
}

/**
 * What of the address could not be understood.
 * @param {import("./state.js").State} state
 */
function problemsOf({ problems, view }) {
  const names = VIEWS.map(({ name }) => name);
  return names.includes(view) ? problems : [...problems, `There is no view named ${view}. ${didYouMean(view, names)}`];
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
void findSession();
render(html`<${Page} />`, document.body);
