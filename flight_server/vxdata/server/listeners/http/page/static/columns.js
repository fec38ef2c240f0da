/** Which columns the table of rows has, in which order, and how wide they are. */

import { holdsIdentifiers, identifiedType } from "./catalog.js";
import { isNumber, titleOf, valueText } from "./words.js";

/**
 * @typedef {import("./catalog.js").FieldInfo} FieldInfo
 * @typedef {import("./catalog.js").TypeInfo} TypeInfo
 * @typedef {Record<string, any>} Row
 *
 * @typedef {object} Column
 * @property {string} name
 * @property {string} title
 * @property {string} [hint]
 * @property {boolean} isNumeric
 * @property {boolean} differsAtEnd Whether values are told apart by how they end, so that their beginning is cut.
 * @property {number} width In characters.
 */

/** Types whose values fit into a column. */
const SHORT = new Set(["enum", "text", "integer", "float", "boolean", "date"]);

/** Names of fields that hold codes, which tell people little and differ at their end. */
const CODE = /_(uid|uuid|id)$/;

/** Most fields of the payload that are shown unless more are chosen. */
const MOST = 12;

/** Lineage, from the top. */
const LINEAGE = Object.freeze(["datasource", "patient", "imagingstudy"]);

const NUMBERS = new Set(["integer", "float"]);

/** Widths of columns by type, in characters. */
const WIDTHS = /** @type {Record<string, number>} */ ({ integer: 12, float: 12, boolean: 10, date: 13, timestamp: 30, enum: 16 });
const WIDE = 22;
const WIDE_CODE = 28;

/** Narrowest and widest column, in characters. */
const NARROWEST = 6;
const WIDEST = 200;

/**
 * The names of all fields: what identifies a row first, then the payload, the metadata, and the lineage last.
 * @param {TypeInfo} type
 */
export function inReadingOrder({ fields }) {
  const [key, ...others] = fields;
  const groups = ["payload", "metadata", "lineage"];
  const ordered = groups.flatMap((group) => others.filter((field) => (field.group ?? "payload") === group));
  return [...(key ? [key] : []), ...ordered].map(({ name }) => name);
}

/**
 * The columns that are shown unless others are chosen: the identifier, what tells most of a resource, and its lineage.
 * @param {TypeInfo} type
 */
export function usualNames(type) {
  if (!type.is_resource) return inReadingOrder(type);
  const payload = type.fields.filter((field) => field.group === "payload" && SHORT.has(field.type) && !CODE.test(field.name));
  const depth = LINEAGE.indexOf(type.name);
  const above = depth < 0 ? LINEAGE : LINEAGE.slice(0, depth);
  const lineage = type.fields.filter((field) => field.group === "lineage" && above.includes(identifiedType(field, type) ?? ""));
  const [key] = type.fields;
  return [...(key ? [key] : []), ...payload.slice(0, MOST), ...lineage].map(({ name }) => name);
}

/**
 * The columns of a table of rows.
 * @param {Row | undefined} row The first row; it has what the answer has.
 * @param {TypeInfo | undefined} type
 * @param {Record<string, any>} plan
 * @param {Record<string, number>} widths Those that the user has set.
 * @returns {Column[]}
 */
export function columnsOf(row, type, plan, widths) {
  const byName = new Map(type?.fields.map((field) => [field.name, field]));
  return namesOf(row, type, plan).map((name) => {
    const field = byName.get(name);
    const isNumeric = field ? NUMBERS.has(field.type) : isNumber(row?.[name]);
    const title = titleOf(name) + (field?.unit ? ` (${field.unit})` : "");
    const differsAtEnd = field !== undefined && (holdsIdentifiers(field) || field.type === "bloburl" || CODE.test(name));
    const wide = differsAtEnd ? WIDE_CODE : isNumeric ? 14 : WIDE;
    const usual = Math.max(WIDTHS[field?.type ?? ""] ?? wide, title.length + 4);
    return {
      name,
      title,
      isNumeric,
      differsAtEnd,
      width: widths[name] ?? usual,
      ...(field?.description ? { hint: field.description } : {}),
    };
  });
}

/**
 * @param {Row | undefined} row
 * @param {TypeInfo | undefined} type
 * @param {Record<string, any>} plan
 * @returns {string[]}
 */
function namesOf(row, type, plan) {
  if (!type) return []; // rows may be there before their type
  const found = row ? Object.keys(row) : (plan.select ?? []);
  const isPlain = !plan.select && !plan.group_by && !plan.aggregates?.length && !plan.distinct && !plan.history;
  if (!isPlain) return found;
  const usual = usualNames(type);
  return row ? usual.filter((name) => name in row) : usual;
}

/**
 * A width that can be set.
 * @param {number} width In characters.
 */
export const bounded = (width) => Math.min(Math.max(Math.round(width), NARROWEST), WIDEST);

/**
 * Widths in which the values of some rows are seen whole.
 * @param {Column[]} columns
 * @param {Row[]} rows
 * @returns {Record<string, number>}
 */
export function fitting(columns, rows) {
  const widths = columns.map(({ name, title }) => {
    const longest = rows.reduce((most, row) => Math.max(most, valueText(row[name]).length), title.length + 2);
    return [name, bounded(longest + 3)];
  });
  return Object.fromEntries(widths);
}
