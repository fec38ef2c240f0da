/** The head of the page: what this is, and which state of the data it shows. */

import { html } from "../html.js";
import { update, useAppState } from "../state.js";
import { useShared } from "../shared.js";
import { countText, instantText } from "../words.js";

export function Top() {
  const { plan } = useAppState();
  const { snapshot } = useShared();
  const { as_of: _, ...live } = plan;
  return html`
    <header class="top">
      <h1>VxData <span>Query</span></h1>
      ${snapshot &&
      html`
        <p class="snapshot">
          ${plan.as_of ? "As of" : "Latest commit:"} <strong>${instantText(snapshot.as_of)}</strong>, version
          <strong> ${countText(snapshot.version)}</strong>
        </p>
      `}
      ${plan.as_of && html`<button type="button" onClick=${() => update({ plan: live })}>Back to the latest</button>`}
      <a href="v1/docs">API</a>
    </header>
  `;
}
