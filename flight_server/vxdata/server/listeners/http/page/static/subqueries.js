/** Subqueries: the values of one field that a saved query finds. */

import { kindOf } from "./conditions.js";
import { writeJson } from "./json.js";

/**
 * @typedef {import("./catalog.js").FieldInfo} FieldInfo
 * @typedef {import("./catalog.js").TypeInfo} TypeInfo
 * @typedef {import("./operators.js").Kind} Kind
 */

/** What of a query decides which rows it finds, as far as a subquery can say it. */
const KEYS = Object.freeze(["relation", "where", "order_by", "limit", "offset"]);

/**
 * The values of a field that a plan finds, as a part of another plan.
 * @param {Record<string, any>} plan
 * @param {string} select
 * @returns {Record<string, any>}
 */
export function subqueryOf(plan, select) {
  const kept = KEYS.filter((key) => plan[key] !== undefined).map((key) => [key, plan[key]]);
  return { ...Object.fromEntries(kept), select };
}

/** Parts of a query that a subquery cannot have -> what they make the query do. */
const HINDRANCES = /** @type {Record<string, string>} */ ({
  group_by: "it makes groups",
  aggregates: "it makes groups",
  having: "it makes groups",
  first_per: "it keeps one row of each group",
  distinct: "it leaves out equal rows",
  history: "it reads all versions",
});

/**
 * Why a query cannot be a subquery.
 * @param {Record<string, any>} plan
 * @returns {string | undefined}
 */
export function hindranceOf(plan) {
  const stated = Object.keys(HINDRANCES).find((key) => plan[key]);
  return stated && HINDRANCES[stated];
}

/**
 * Whether two queries find the same rows.
 * @param {Record<string, any>} one
 * @param {Record<string, any>} other
 */
export function findAlike(one, other) {
  return KEYS.every((key) => writeJson(one[key]) === writeJson(other[key]));
}

/**
 * The fields of what a subquery reads whose values an operator can compare with those of a kind.
 * @param {string} op
 * @param {Kind} kind
 * @param {TypeInfo | undefined} type
 * @returns {FieldInfo[]}
 */
export function selectable(op, kind, type) {
  const fits = (/** @type {FieldInfo} */ field) => {
    if (field.has_entries) return false;
    if (field.type === "textlist" && op !== "is_in_query") return false;
    return op === "count" || kindOf({ field: field.name }, type) === kind;
  };
  return (type?.fields ?? []).filter(fits);
}
