/** How the page writes numbers, instants and values. */

const COUNTS = new Intl.NumberFormat("en-GB");
const WHOLE = new Intl.NumberFormat("en-GB", { useGrouping: "min2" });
const MEASURES = new Intl.NumberFormat("en-GB", { useGrouping: "min2", maximumSignificantDigits: 4 });
const SHARES = new Intl.NumberFormat("en-GB", { style: "percent", maximumFractionDigits: 1 });

/**
 * A number of things, in full.
 * @param {number} count
 */
export const countText = (count) => COUNTS.format(count);

/**
 * A number of things with their name, in the singular or the plural.
 * @param {number} count
 * @param {string} one
 * @param {string} [many]
 */
export const counted = (count, one, many = `${one}s`) => `${COUNTS.format(count)} ${count === 1 ? one : many}`;

/**
 * A value that is a number, to four digits; whole ones in full. Those of four digits have no comma, as years have none.
 * @param {number | bigint} value
 */
export const numberText = (value) =>
  typeof value === "bigint" || Number.isInteger(value) ? WHOLE.format(value) : MEASURES.format(value);

/**
 * A part of a whole.
 * @param {number} share From 0 to 1.
 */
export const shareText = (share) => (share > 0 && share < 0.001 ? "< 0.1%" : SHARES.format(share));

/**
 * An instant, to the second, in UTC.
 * @param {string} instant ISO 8601.
 */
export const instantText = (instant) => `${instant.slice(0, 19).replace("T", " ")} UTC`;

/**
 * Whether a value is a number.
 * @param {unknown} value
 * @returns {value is number | bigint}
 */
export const isNumber = (value) => typeof value === "number" || typeof value === "bigint";

/**
 * A value of a field, as a cell of a table shows it.
 * @param {unknown} value
 * @returns {string}
 */
export function valueText(value) {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map(valueText).join(", ");
  if (typeof value === "object") {
    return Object.entries(value)
      .map(([key, entry]) => `${key}: ${valueText(entry)}`)
      .join(", ");
  }
  if (typeof value === "boolean") return value ? "true" : "false";
  return String(value);
}

/**
 * The title of a field or a type, from its name.
 * @param {string} name Such as `slice_thickness`.
 */
export const titleOf = (name) => name.replaceAll("_", " ");
