/** A button that copies a text, and says so. */

import { html, useState } from "../html.js";

/** Milliseconds that the button tells what happened. */
const TOLD = 2000;

/** @param {{what: string, text: () => string | Promise<string>}} properties */
export function CopyButton({ what, text }) {
  const [said, say] = useState("");
  const copy = async () => {
    say((await toClipboard(await text())) ? "Copied" : "The browser does not let pages copy");
    setTimeout(() => say(""), TOLD);
  };
  return html`
    <button type="button" aria-label=${`Copy ${what}`} onClick=${() => void copy()}>Copy${what.startsWith("the") ? ` ${what}` : ""}</button>
    <span role="status" class="said">${said}</span>
  `;
}

/**
 * Copy a text; browsers have a clipboard for pages only where the connection is trusted.
 * @param {string} text
 */
async function toClipboard(text) {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch (error) {
      console.info("The clipboard is closed to this page; it copies a selection.", error);
    }
  }
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  return isCopied;
}
