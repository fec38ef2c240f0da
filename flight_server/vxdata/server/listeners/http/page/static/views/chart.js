/**
 * A picture of points or a line by uPlot, which is fetched when the first one is drawn, with a table of the same. A click
 * on a point, or on its button in the table, picks it.
 */

import { html, useEffect, useRef, useState } from "../html.js";
import { useRoving } from "../roving.js";
import { valueText } from "../words.js";

/** Height of a picture, in pixels. */
const HEIGHT = 300;

/** How far from a point a click still means it, in pixels. */
const NEAR = 16;

/** @type {Promise<any> | undefined} */
let library;

function load() {
  if (!library) {
    const sheet = document.createElement("link");
    sheet.rel = "stylesheet";
    sheet.href = new URL("../vendor/uplot.css", import.meta.url).href;
    document.head.append(sheet);
    library = import("../vendor/uplot.js").then((module) => module.default);
  }
  return library;
}

/**
 * @param {{label: string, xs: number[], ys: number[], x: string, y: string, isTime?: boolean, isLine?: boolean,
 *   texts: string[], of: string, pick: (index: number) => void, title: (text: string) => string}} properties
 *   xs: In ascending order; seconds since 1970 if they are instants.
 *   texts: What each point is called.
 *   of: What the points are called, as the head of a column.
 *   title: What picking a point does, said of what it is called.
 */
export function Chart({ label, xs, ys, x, y, isTime = false, isLine = false, texts, of, pick, title }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const scheme = useScheme();
  const roving = useRoving("tr");
  const picks = useRef(pick);
  picks.current = pick;
  useEffect(() => {
    /** @type {any} */
    let plot;
    let isGone = false;
    const draw = async () => {
      const UPlot = await load();
      if (isGone || !box.current) return;
      plot = new UPlot(optionsOf(UPlot, box.current, { x, y, isTime, isLine }), [xs, ys], box.current);
      plot.over.addEventListener("click", (/** @type {MouseEvent} */ event) => {
        const index = nearestTo(plot, xs, ys, event);
        if (index !== null) picks.current(index);
      });
    };
    void draw();
    const observer = new ResizeObserver(() => plot?.setSize({ width: box.current?.clientWidth ?? 0, height: HEIGHT }));
    if (box.current) observer.observe(box.current);
    return () => {
      isGone = true;
      observer.disconnect();
      plot?.destroy();
    };
  }, [xs, ys, x, y, scheme]);
  return html`
    <div class="chart" role="img" aria-label=${label} ref=${box}></div>
    <details>
      <summary>The same as a table</summary>
      <div class="scroll" tabindex="0" role="region" aria-label=${`Table: ${label}`}>
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">${of}</th>
              ${!isTime && html`<th scope="col" class="number">${x}</th>`}
              <th scope="col" class="number">${y}</th>
            </tr>
          </thead>
          <tbody ...${roving}>
            ${texts.map(
              (text, index) => html`
                <tr>
                  <th scope="row">
                    <button type="button" class="link" tabindex="-1" aria-label=${title(text)} onClick=${() => pick(index)}>${text}</button>
                  </th>
                  ${!isTime && html`<td class="number">${valueText(xs[index])}</td>`}
                  <td class="number">${valueText(ys[index])}</td>
                </tr>
              `,
            )}
          </tbody>
        </table>
      </div>
    </details>
  `;
}

/**
 * The point that a click means.
 * @param {any} plot
 * @param {number[]} xs
 * @param {number[]} ys
 * @param {MouseEvent} event
 * @returns {number | null}
 */
function nearestTo(plot, xs, ys, event) {
  const { left, top } = plot.over.getBoundingClientRect();
  const away = xs.map((x, index) =>
    Math.hypot(plot.valToPos(x, "x") - (event.clientX - left), plot.valToPos(ys[index], "y") - (event.clientY - top)),
  );
  const least = Math.min(...away);
  return least <= NEAR ? away.indexOf(least) : null;
}

/** Whether the system is light or dark; a picture is drawn again where that changes. */
function useScheme() {
  const [isDark, set] = useState(matchMedia("(prefers-color-scheme: dark)").matches);
  useEffect(() => {
    const query = matchMedia("(prefers-color-scheme: dark)");
    const follow = () => set(query.matches);
    query.addEventListener("change", follow);
    return () => query.removeEventListener("change", follow);
  }, []);
  return isDark;
}

/**
 * @param {any} UPlot
 * @param {HTMLElement} box
 * @param {{x: string, y: string, isTime: boolean, isLine: boolean}} how
 */
function optionsOf(UPlot, box, { x, y, isTime, isLine }) {
  const probe = getComputedStyle(box);
  // A canvas knows no variables of the style sheet: the box has the colours as its own.
  const axis = { stroke: probe.color, grid: { stroke: probe.borderBottomColor, width: 1 }, ticks: { stroke: probe.borderBottomColor, width: 1 } };
  const accent = probe.outlineColor;
  return {
    width: box.clientWidth,
    height: HEIGHT,
    tzDate: (/** @type {number} */ seconds) => UPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    scales: { x: { time: isTime } },
    legend: { show: false },
    cursor: { drag: { x: true, y: false } },
    axes: [{ ...axis, label: x }, { ...axis, label: y, size: 70 }],
    series: [
      { label: x },
      {
        label: y,
        stroke: accent,
        fill: isLine ? undefined : accent,
        width: isLine ? 2 : 0,
        ...(isLine ? {} : { paths: () => null }),
        points: { show: true, size: 5, stroke: accent, fill: accent },
      },
    ],
  };
}
