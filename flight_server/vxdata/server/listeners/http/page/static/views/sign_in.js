/** Signing in: what is shown in the place of the data as long as the server does not know who asks. */

import { html, useEffect, useId, useRef, useState } from "../html.js";
import { signIn } from "../session.js";

export function SignIn() {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const open = () => dialog.current?.showModal();
  useEffect(open, []);
  return html`
    <header class="top">
      <h1>VxData <span>Query</span></h1>
      <button type="button" class="aside" onClick=${open}>Sign in</button>
      <a href="v1/docs">API</a>
    </header>
    <main id="query"><div class="view"><p class="none">The data are shown to those who have signed in.</p></div></main>
    <${Dialog} place=${dialog} />
  `;
}

/** @param {{place: {current: HTMLDialogElement | null}}} properties */
function Dialog({ place }) {
  const id = useId();
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  const [error, fail] = useState(/** @type {any} */ (null));
  const [isBusy, setBusy] = useState(false);
  /** @param {Event} event */
  const enter = async (event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await signIn(field.current?.value.trim() ?? "");
    } catch (problem) {
      fail(problem);
      field.current?.select();
    }
    setBusy(false);
  };
  return html`
    <dialog class="sign-in" ref=${place} aria-labelledby=${`${id}-title`}>
      <form onSubmit=${(/** @type {Event} */ event) => void enter(event)}>
        <h2 id=${`${id}-title`}>Sign in</h2>
        <label for=${`${id}-token`}>Token</label>
        <input
          id=${`${id}-token`}
          ref=${field}
          type="password"
          autocomplete="off"
          spellcheck="false"
          required
          autofocus
          aria-invalid=${error ? "true" : null}
          aria-describedby=${`${id}-help`}
        />
        ${error && html`<p class="mistake" role="alert">${error.message}</p>`}
        <p class="by" id=${`${id}-help`}>
          On the machine of your own <code>vxdata up</code>, the token is in the file <code>owner-token</code> of its data folder. For
          other servers, an administrator makes one: <code>vxdata token create NAME --role reader</code>. It is sent once, and kept
          neither by this page nor by the browser.
        </p>
        <p class="buttons"><button aria-busy=${isBusy ? "true" : null}>Sign in</button></p>
      </form>
    </dialog>
  `;
}
