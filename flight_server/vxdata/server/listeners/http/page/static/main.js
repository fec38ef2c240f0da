/** The page: begins with the state of its address, and draws the views. */

import { html, render } from "./html.js";
import { followAddress, update, useAppState } from "./state.js";
import { VIEWS } from "./views/views.js";

function Page() {
  const { view } = useAppState();
  const shown = VIEWS.find((each) => each.name === view) ?? VIEWS[0];
  return html`
    <header class="top"><h1>VxData</h1></header>
    <nav aria-label="Views">
      ${VIEWS.map(
        (each) => html`
          <button type="button" aria-current=${each === shown ? "page" : null} onClick=${() => update({ view: each.name })}>
            ${each.title}
          </button>
        `,
      )}
    </nav>
    <main>${shown && html`<${shown.component} />`}</main>
  `;
}

await followAddress();
render(html`<${Page} />`, document.body);
