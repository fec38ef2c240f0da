/** The operators of the language: what each is called, what it takes, and how it stands in a plan. */

import { isExact } from "./json.js";

/**
 * @typedef {Record<string, any>} Node A condition in the canonical JSON of plans.
 *
 * @typedef {object} Operand What an operator takes, as the user has typed it.
 * @property {string} value
 * @property {string[]} values
 * @property {string} low
 * @property {string} high
 * @property {boolean} ignoresCase
 * @property {string} comparison
 * @property {Node | null} query A subquery.
 * @property {string} first The fraction of a sample, or the index of a shard.
 * @property {string} second The seed of a sample, or the number of shards.
 *
 * @typedef {"text" | "number" | "boolean" | "date" | "timestamp"} Kind The kind of the values of a field.
 *
 * @typedef {"value" | "values" | "none" | "range" | "text" | "query" | "compared_query" | "identifier" | "sample" | "shard"} Editor
 *
 * @typedef {object} Operator
 * @property {string} label
 * @property {Editor} editor
 * @property {(operand: Operand, kind: Kind) => Node | null} write The parts of the condition; null while incomplete.
 */

/** @type {Operand} */
export const EMPTY = Object.freeze({
  value: "",
  values: [],
  low: "",
  high: "",
  ignoresCase: false,
  comparison: "==",
  query: null,
  first: "",
  second: "",
});

/**
 * Read a value that was typed.
 * @param {string} text
 * @param {Kind} kind
 * @returns {string | number | bigint | boolean | null} Null if it is no such value yet.
 */
export function parsed(text, kind) {
  if (kind === "text") return text === "" ? null : text;
  const trimmed = text.trim();
  if (trimmed === "") return null;
  switch (kind) {
    case "number":
      return numberOf(trimmed);
    case "boolean":
      return trimmed === "true";
    case "timestamp":
      return instantOf(trimmed);
    default:
      return trimmed;
  }
}

/**
 * A number; integers that a number of JavaScript would round stay exact.
 * @param {string} text
 * @returns {number | bigint | null}
 */
function numberOf(text) {
  const number = Number(text);
  if (!Number.isFinite(number)) return null;
  const isRounded = Number.isInteger(number) && !Number.isSafeInteger(number) && /^[+-]?\d+$/.test(text);
  return isExact && isRounded ? BigInt(text.replace("+", "")) : number;
}

/**
 * An instant with its zone: UTC, unless one is named.
 * @param {string} text A date, or a date and a time.
 */
function instantOf(text) {
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return `${text}T00:00:00Z`;
  if (/(Z|[+-]\d\d:?\d\d)$/.test(text)) return text;
  return `${text}${text.length === 16 ? ":00" : ""}Z`;
}

/**
 * Write a value of a plan as the user would type it.
 * @param {unknown} value
 * @param {Kind} kind
 */
export function typed(value, kind) {
  if (value === undefined || value === null) return "";
  return kind === "timestamp" ? String(value).replace(/(\.0+)?(Z|\+00:00)$/, "") : String(value);
}

/** @type {(name: string) => (operand: Operand, kind: Kind) => Node | null} */
const compares = (name) => (operand, kind) => {
  const value = parsed(operand.value, kind);
  return value === null ? null : { op: name, value };
};

/** @type {(name: string) => (operand: Operand, kind: Kind) => Node | null} */
const lists = (name) => (operand, kind) => {
  const values = operand.values.map((text) => parsed(text, kind)).filter((value) => value !== null);
  return values.length ? { op: name, values } : null;
};

/** @type {(name: string) => (operand: Operand) => Node | null} */
const searches = (name) => (operand) =>
  operand.value === "" ? null : { op: name, text: operand.value, ...(operand.ignoresCase ? { ignore_case: true } : {}) };

const ORDERS = Object.freeze(["<", "<=", ">", ">="]);

/**
 * How an operator can compare a field with what a subquery finds: equal to any is `is_in_query`.
 * @param {string} name
 * @returns {readonly string[]}
 */
export const comparisonsOf = (name) => (name === "any" || name === "all" ? ORDERS : ["==", "!=", ...ORDERS]);

/**
 * The comparison of an operand; the first that fits, if it has been chosen for another operator.
 * @param {string} name
 * @param {Operand} operand
 * @returns {string}
 */
export function comparisonOf(name, { comparison }) {
  const fit = comparisonsOf(name);
  return fit.includes(comparison) ? comparison : /** @type {string} */ (fit[0]);
}

/** @type {(name: string) => (operand: Operand) => Node | null} */
const asksQuery = (name) => (operand) =>
  operand.query && {
    op: name,
    query: operand.query,
    ...(name === "is_in_query" ? {} : { comparison: comparisonOf(name, operand) }),
  };

/** @type {(name: string) => (operand: Operand) => Node | null} */
const names = (name) => (operand) => (operand.value === "" ? null : { op: name, identifier: operand.value });

/** @type {(name: string, first: string, second: string) => (operand: Operand) => Node | null} */
const divides = (name, first, second) => (operand) => {
  const [one, two] = [parsed(operand.first, "number"), parsed(operand.second, "number")];
  return one === null || two === null ? null : { op: name, [first]: one, [second]: two };
};

/**
 * Name, as the server tells it of a field, -> operator. The order is that of the lists from which users choose.
 * @type {Readonly<Record<string, Operator>>}
 */
export const OPERATORS = Object.freeze({
  "==": { label: "is", editor: "value", write: compares("==") },
  "!=": { label: "is not", editor: "value", write: compares("!=") },
  "<": { label: "is below", editor: "value", write: compares("<") },
  "<=": { label: "is at most", editor: "value", write: compares("<=") },
  ">": { label: "is above", editor: "value", write: compares(">") },
  ">=": { label: "is at least", editor: "value", write: compares(">=") },
  between: { label: "is between", editor: "range", write: () => null },
  is_in: { label: "is one of", editor: "values", write: lists("is_in") },
  contains: { label: "contains", editor: "text", write: searches("contains") },
  startswith: { label: "begins with", editor: "text", write: searches("startswith") },
  endswith: { label: "ends with", editor: "text", write: searches("endswith") },
  equals: { label: "equals the text", editor: "text", write: searches("equals") },
  matches: { label: "matches the pattern", editor: "text", write: searches("matches") },
  contains_any: { label: "has any of", editor: "values", write: lists("contains_any") },
  contains_all: { label: "has all of", editor: "values", write: lists("contains_all") },
  is_null: { label: "has no value", editor: "none", write: () => ({ op: "is_null" }) },
  is_not_null: { label: "has a value", editor: "none", write: () => ({ op: "is_not_null" }) },
  is_in_query: { label: "is found by the query", editor: "query", write: asksQuery("is_in_query") },
  any: { label: "compared with any of the query", editor: "compared_query", write: asksQuery("any") },
  all: { label: "compared with all of the query", editor: "compared_query", write: asksQuery("all") },
  min: { label: "compared with the least of the query", editor: "compared_query", write: asksQuery("min") },
  max: { label: "compared with the greatest of the query", editor: "compared_query", write: asksQuery("max") },
  mean: { label: "compared with the mean of the query", editor: "compared_query", write: asksQuery("mean") },
  count: { label: "compared with the count of the query", editor: "compared_query", write: asksQuery("count") },
  in_sample: { label: "is in a sample", editor: "sample", write: divides("in_sample", "fraction", "seed") },
  in_shard: { label: "is in a shard", editor: "shard", write: divides("in_shard", "index", "count") },
  has_ancestor: { label: "is below", editor: "identifier", write: names("has_ancestor") },
  has_descendant: { label: "is above", editor: "identifier", write: names("has_descendant") },
});

/** The field that stands for a resource's place in the lineage: `has_ancestor` and `has_descendant` have no field. */
export const LINEAGE = "";

/** The operators of that field. */
export const OF_LINEAGE = Object.freeze(["has_ancestor", "has_descendant"]);

/** What orders are called where they are about time. */
const OF_TIME = /** @type {Record<string, string>} */ ({
  "<": "is before",
  "<=": "is not after",
  ">": "is after",
  ">=": "is not before",
});

/**
 * What an operator is called.
 * @param {string} name
 * @param {Kind} kind
 */
export const labelOf = (name, kind) =>
  (kind === "date" || kind === "timestamp" ? OF_TIME[name] : undefined) ?? OPERATORS[name]?.label ?? name;

/**
 * Operators in the order in which users choose from them; without those that this page does not know.
 * @param {readonly string[]} names
 * @returns {readonly string[]}
 */
export const inOrder = (names) => Object.keys(OPERATORS).filter((name) => names.includes(name));

/**
 * The operand of a condition.
 * @param {Node} node
 * @param {Kind} kind
 * @returns {Operand}
 */
export function operandOf(node, kind) {
  return {
    ...EMPTY,
    value: typed(node.value ?? node.text ?? node.identifier, kind),
    values: (node.values ?? []).map((/** @type {unknown} */ value) => typed(value, kind)),
    ignoresCase: node.ignore_case ?? false,
    comparison: node.comparison ?? "==",
    query: node.query ?? null,
    first: typed(node.fraction ?? node.index, "number"),
    second: typed(node.seed ?? node.count, "number"),
  };
}
