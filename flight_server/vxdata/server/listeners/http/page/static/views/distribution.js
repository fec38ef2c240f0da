/** How the numbers of a field are distributed. */

import { PAUSE, useAnswer } from "../asking.js";
import { html } from "../html.js";
import { rowsOf } from "../plans.js";
import { useShared } from "../shared.js";
import { counted, numberText, titleOf } from "../words.js";
import { BarTable } from "./bar_table.js";

/** About how many bars there are, at most. */
const BINS = 30;

/** @param {{x: import("../catalog.js").FieldInfo}} properties */
export function Distribution({ x }) {
  const { asked } = useShared();
  const question = { question: { plan: rowsOf(asked) }, fields: [x.name], bins: BINS };
  const { answer, error } = useAnswer("distribution", "facets", question, PAUSE);
  if (error) return html`<p class="mistake" role="alert">${error.message}</p>`;
  const facet = answer?.facets[x.name];
  if (!facet) return html`<p class="none">Counting …</p>`;
  /** @type {{from: number, to: number, count: number}[]} */
  const bins = facet.histogram ?? [];
  const bars = bins.map(({ from, to, count }, index) => ({
    label: `${numberText(from)} to ${numberText(to)}`,
    value: count,
    term: {
      op: "and",
      terms: [
        { op: ">=", field: x.name, value: from },
        { op: index === bins.length - 1 ? "<=" : "<", field: x.name, value: to },
      ],
    },
  }));
  const head = `${titleOf(x.name)}${x.unit ? ` (${x.unit})` : ""}`;
  return html`
    ${bars.length
      ? html`<${BarTable} caption=${`Distribution of ${titleOf(x.name)}`} head=${head} measure="rows" bars=${bars} />`
      : html`<p class="none">No row has a value.</p>`}
    <p class="by">
      ${counted(facet.nulls, "row")} without a value${typeof facet.mean === "number" ? `; mean ${numberText(facet.mean)}` : ""}.
    </p>
  `;
}
