/** The picture of a file: a volume by NiiVue, which is fetched when the first one is asked for, or an image. */

import { call, isOvertaken } from "../api.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { pathOf } from "./resource.js";

/** Names of files that can be shown. */
const VOLUME = /\.nii(\.gz)?$/i;
const IMAGE = /\.(png|jpe?g)$/i;

/**
 * Whether a file can be shown.
 * @param {string} name
 */
export const canShow = (name) => VOLUME.test(name) || IMAGE.test(name);

/** @param {{identifier: string, file: import("./files.js").FileInfo, name: string, asOf: string | undefined}} properties */
export function Preview({ identifier, file, name, asOf }) {
  const [isAsked, ask] = useState(false);
  if (!isAsked) return html`<button type="button" onClick=${() => ask(true)}>Show ${name}</button>`;
  const path = pathOf("previews", identifier, asOf, { field: file.field, ...(file.key ? { key: file.key } : {}) });
  return html`<${Shown} path=${path} name=${name} />`;
}

/** @param {{path: string, name: string}} properties */
function Shown({ path, name }) {
  const [error, fail] = useState(/** @type {any} */ (null));
  const [image, setImage] = useState("");
  const [isReady, setReady] = useState(false);
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  useEffect(() => {
    let isGone = false;
    let address = "";
    /** @type {any} */
    let viewer;
    const show = async () => {
      try {
        const content = await (await call("preview", path)).blob();
        if (isGone) return;
        if (IMAGE.test(name)) {
          address = URL.createObjectURL(content);
          setImage(address);
        } else {
          const { Niivue } = await import("../vendor/niivue.js");
          if (isGone || !canvas.current) return;
          viewer = new Niivue({ isResizeCanvas: true, loadingText: "", logLevel: "silent" });
          await viewer.attachToCanvas(canvas.current);
          await viewer.loadFromArrayBuffer(await content.arrayBuffer(), name);
        }
        if (!isGone) setReady(true);
      } catch (problem) {
        if (!isGone && !isOvertaken(problem)) fail(problem);
      }
    };
    void show();
    return () => {
      isGone = true;
      if (address) URL.revokeObjectURL(address);
      viewer?.gl?.getExtension("WEBGL_lose_context")?.loseContext();
    };
  }, [path, name]);
  if (error) return html`<p class="mistake" role="alert">${error.message}</p>`;
  return html`
    ${!isReady && html`<p class="by" role="status">Loading ${name} …</p>`}
    ${IMAGE.test(name)
      ? image && html`<img class="preview" src=${image} alt=${name} />`
      : html`<div class="preview" role="img" aria-label=${isReady ? `Sections through ${name}` : `${name} is loading`}><canvas ref=${canvas}></canvas></div>`}
  `;
}
