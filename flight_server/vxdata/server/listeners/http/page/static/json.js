/** JSON whose integers stay as they are: those beyond 2^53, which numbers of JavaScript round, become `bigint`. */

/** @type {any} */
const Json = JSON;

/** Whether the browser can write them; one that cannot rounds them, as all did until 2023. */
export const isExact = typeof Json.rawJSON === "function";

/**
 * Read a text of JSON.
 * @param {string} text
 * @returns {any}
 */
export const readJson = (text) => Json.parse(text, exact);

/**
 * Write a value as JSON.
 * @param {unknown} value
 * @param {number} [indent]
 * @returns {string}
 */
export const writeJson = (value, indent) => Json.stringify(value, plain, indent);

/**
 * A number as it was read, or as an exact integer.
 * @param {string} _
 * @param {unknown} value
 * @param {{source?: string}} [context]
 */
function exact(_, value, context) {
  const isRounded = isExact && typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value);
  return isRounded && /^-?\d+$/.test(context?.source ?? "") ? BigInt(/** @type {string} */ (context?.source)) : value;
}

/**
 * @param {string} _
 * @param {unknown} value
 */
const plain = (_, value) => (typeof value === "bigint" ? Json.rawJSON(String(value)) : value);
