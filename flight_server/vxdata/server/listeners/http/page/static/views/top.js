/** The head of the page: what this is, which state of the data it shows, and whether there is a newer one. */

import { html } from "../html.js";
import { current, update, useAppState } from "../state.js";
import { signOut, useSession } from "../session.js";
import { useShared } from "../shared.js";
import { countText, instantText } from "../words.js";

export function Top() {
  const { plan } = useAppState();
  const { snapshot, snapshots } = useShared();
  const backToLatest = async () => {
    await snapshots.showNewest();
    const { as_of: _, ...live } = current().plan;
    update({ plan: live });
  };
  return html`
    <header class="top">
      <h1>VxData <span>Query</span></h1>
      <div class="newer" role="status">${!plan.as_of && html`<${Newer} snapshots=${snapshots} />`}</div>
      ${snapshot &&
      html`
        <p class="snapshot">
          ${plan.as_of ? "As of" : "Latest commit:"} <strong>${instantText(snapshot.as_of)}</strong>, version
          <strong> ${countText(snapshot.version)}</strong>
        </p>
      `}
      ${plan.as_of && html`<button type="button" onClick=${() => void backToLatest()}>Back to the latest</button>`}
      <${Who} />
      <a href="v1/docs">API</a>
    </header>
  `;
}

/** Who is signed in; nothing where the server asks nobody who they are. */
function Who() {
  const { name, role, how } = useSession();
  if (!name) return null;
  return html`
    <p class="who">Signed in as <strong>${name}</strong>, ${role}</p>
    ${how === "session" && html`<button type="button" onClick=${() => void signOut()}>Sign out</button>`}
  `;
}

/**
 * What the page does not show yet: a commit that is newer than those it shows.
 * @param {{snapshots: import("../shared.js").Shared["snapshots"]}} properties
 */
function Newer({ snapshots }) {
  const { shown, newest, error, showNewest } = snapshots;
  if (!shown || !newest) return null;
  if (error) return html`<span>Cannot look for newer commits: ${error.message}</span>`;
  if (newest.version <= shown.version) return null;
  return html`
    <span>Version ${countText(newest.version)} is newer than what is shown.</span>
    <button type="button" onClick=${() => void showNewest()}>Show it</button>
  `;
}
