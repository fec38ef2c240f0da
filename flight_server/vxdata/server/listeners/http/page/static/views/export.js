/** Out of the page: the query as code, its rows as files, and links to it. */

import { ask, isOvertaken } from "../api.js";
import { html, useState } from "../html.js";
import { writeJson } from "../json.js";
import { useShared } from "../shared.js";
import { fragmentOf, useAppState } from "../state.js";
import { CopyButton } from "./copy.js";

/** Notation, as `/v1/plans` names it -> title. */
const NOTATIONS = Object.freeze({ sdk: "Python (vxdata.sdk)", vxp_client: "Python (vxp_client)", curl: "curl", plan: "Plan (JSON)" });

/** Format -> title. */
const FORMATS = Object.freeze({ parquet: "Parquet", arrow: "Arrow", csv: "CSV", ndjson: "NDJSON" });

export function Export() {
  return html`
    <div class="export">
      <${Files} />
      <${Links} />
      <${Code} />
    </div>
  `;
}

function Code() {
  const { described } = useShared();
  const code = described.answer?.code ?? {};
  if (described.error) return html`<p class="mistake" role="alert">${described.error.message}</p>`;
  return Object.entries(NOTATIONS).map(([name, title]) => {
    const text = name === "plan" ? writeJson(described.answer?.plan ?? {}, 2) : (code[name] ?? "");
    return html`
      <section aria-label=${title} class="code">
        <div class="heading">
          <h2>${title}</h2>
          <${CopyButton} what=${title} text=${() => text} />
        </div>
        <pre tabindex="0" aria-label=${title}><code>${text}</code></pre>
      </section>
    `;
  });
}

function Files() {
  const { asked } = useShared();
  const [failed, fail] = useState(/** @type {any} */ (null));
  const [running, run] = useState("");
  /** @param {keyof typeof FORMATS} format */
  const download = async (format) => {
    run(format);
    fail(null);
    try {
      const { urls } = await ask("answers", "answers", { question: { plan: asked } });
      follow(urls[format], `${asked.relation}.${format}`);
    } catch (error) {
      if (!isOvertaken(error)) fail(error);
    }
    run("");
  };
  return html`
    <section aria-label="Files">
      <div class="heading"><h2>Files</h2></div>
      <p>All rows of the query, of the commit that the page shows.</p>
      <p class="buttons">
        ${Object.entries(FORMATS).map(
          ([format, title]) => html`
            <button
              type="button"
              aria-busy=${running === format ? "true" : null}
              onClick=${() => void download(/** @type {keyof typeof FORMATS} */ (format))}
            >
              Download ${title}
            </button>
          `,
        )}
      </p>
      ${failed && html`<p class="mistake" role="alert">${failed.message}</p>`}
    </section>
  `;
}

function Links() {
  const state = useAppState();
  const { snapshot } = useShared();
  /** @param {Record<string, any>} plan */
  const address = async (plan) => new URL(await fragmentOf({ ...state, plan }), location.href).href;
  const { as_of: _, ...live } = state.plan;
  return html`
    <section aria-label="Links">
      <div class="heading"><h2>Links</h2></div>
      <p>A link holds the whole state of this page. The pinned one shows these rows for ever, the live one those of its day.</p>
      <p class="buttons">
        ${snapshot && html`<${CopyButton} what="the pinned link" text=${() => address({ ...state.plan, as_of: snapshot.as_of })} />`}
        <${CopyButton} what="the live link" text=${() => address(live)} />
      </p>
    </section>
  `;
}

/**
 * Let the browser save what lies at an address.
 * @param {string} address
 * @param {string} name
 */
function follow(address, name) {
  const link = document.createElement("a");
  link.href = new URL(address, new URL("v1/", document.baseURI)).href;
  link.download = name;
  link.click();
}
