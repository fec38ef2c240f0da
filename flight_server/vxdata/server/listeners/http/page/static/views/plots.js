/** Plots of what the query finds: rows by value, distributions, two numbers against each other, rows over time. */

import { html } from "../html.js";
import { useShared } from "../shared.js";
import { update, useAppState } from "../state.js";
import { titleOf } from "../words.js";
import { Bars } from "./bars.js";
import { ByYear } from "./by_year.js";
import { Distribution } from "./distribution.js";
import { Scatter } from "./scatter.js";
import { OverTime } from "./over_time.js";

/**
 * @typedef {import("../catalog.js").FieldInfo} FieldInfo
 *
 * @typedef {object} Settings What is plotted; the address holds it.
 * @property {string} kind
 * @property {string} x
 * @property {string} y
 *
 * @typedef {object} Kind
 * @property {string} title
 * @property {string} x What the first field is called.
 * @property {(field: FieldInfo) => boolean} fits Whether a field can be the first one.
 * @property {string | null} y What the second field, a number, is called; null if there is none.
 * @property {string | null} without What stands for no second field; null if it is needed.
 * @property {(properties: {x: FieldInfo, y: FieldInfo | undefined}) => unknown} component
 */

/** @param {FieldInfo} field */
const isNumber = (field) => field.type === "integer" || field.type === "float";
/** @param {FieldInfo} field */
const isInstant = (field) => field.type === "date" || field.type === "timestamp";
const GROUPED = new Set(["text", "enum", "boolean", "integer", "textlist"]);

/** @type {Record<string, Kind>} */
const KINDS = {
  bars: {
    title: "Bars",
    x: "Group by",
    fits: (field) => GROUPED.has(field.type),
    y: "Show",
    without: "number of rows",
    component: Bars,
  },
  histogram: { title: "Histogram", x: "Field", fits: isNumber, y: null, without: null, component: Distribution },
  scatter: { title: "Scatter", x: "Across", fits: isNumber, y: "Up", without: null, component: Scatter },
  years: { title: "Years", x: "Date", fits: isInstant, y: null, without: null, component: ByYear },
  time: { title: "Time", x: "Instant", fits: isInstant, y: null, without: null, component: OverTime },
};

/**
 * The field that is shown unless another one is chosen: one of few words rather than one of many texts.
 * @param {FieldInfo[]} fields
 */
function mostTelling(fields) {
  const payload = fields.filter((field) => field.group === "payload");
  return payload.find((field) => field.values) ?? payload[0] ?? fields[0];
}

export function Plots() {
  const { plan, plot } = useAppState();
  const { type } = useShared().catalog;
  if (!type) return html`<p class="none">Looking for fields …</p>`;
  if (plan.group_by || plan.aggregates) return html`<p class="none">The result is grouped already.</p>`;
  const name = plot && KINDS[plot.kind] ? plot.kind : "bars";
  const kind = /** @type {Kind} */ (KINDS[name]);
  const firsts = type.fields.filter(kind.fits);
  const seconds = kind.y ? type.fields.filter(isNumber) : [];
  const x = firsts.find((field) => field.name === plot?.x) ?? mostTelling(firsts);
  const y = seconds.find((field) => field.name === plot?.y) ?? (kind.without ? undefined : mostTelling(seconds.filter((field) => field !== x)));
  /** @param {Partial<Settings>} changes */
  const set = (changes) => update({ plot: { kind: name, x: x?.name ?? "", y: y?.name ?? "", ...changes } });
  return html`
    <form class="settings" onSubmit=${(/** @type {Event} */ event) => event.preventDefault()}>
      <label>
        Plot
        <select value=${name} onChange=${(/** @type {any} */ { target }) => set({ kind: target.value, y: "" })}>
          ${Object.entries(KINDS).map(([each, { title }]) => html`<option value=${each}>${title}</option>`)}
        </select>
      </label>
      <${FieldSelect} label=${kind.x} fields=${firsts} value=${x?.name} without=${null} set=${(/** @type {string} */ chosen) => set({ x: chosen })} />
      ${kind.y &&
      html`<${FieldSelect}
        label=${kind.y}
        fields=${seconds}
        value=${y?.name ?? ""}
        without=${kind.without}
        set=${(/** @type {string} */ chosen) => set({ y: chosen })}
      />`}
    </form>
    ${x ? html`<${kind.component} x=${x} y=${y} />` : html`<p class="none">No field of this type fits.</p>`}
  `;
}

/**
 * @param {{label: string, fields: FieldInfo[], value: string | undefined, without: string | null,
 *   set: (name: string) => void}} properties
 */
function FieldSelect({ label, fields, value, without, set }) {
  return html`
    <label>
      ${label}
      <select value=${value} onChange=${(/** @type {any} */ { target }) => set(target.value)}>
        ${without && html`<option value="">${without}</option>`}
        ${fields.map((field) => html`<option value=${field.name}>${without ? "mean of " : ""}${titleOf(field.name)}</option>`)}
      </select>
    </label>
  `;
}
