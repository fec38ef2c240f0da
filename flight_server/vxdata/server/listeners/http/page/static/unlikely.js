/** Conditions that ask for what their fields never hold, as the server tells of them; and where they stand. */

/**
 * @typedef {import("./conditions.js").Condition} Condition
 * @typedef {import("./conditions.js").Term} Term
 *
 * @typedef {object} Unlikely
 * @property {string} relation
 * @property {string} field
 * @property {string} [key]
 * @property {string} [part]
 * @property {string} op
 * @property {string[]} values What is asked for in vain.
 * @property {string} message
 */

/**
 * Whether a condition of the page is meant; it may have been changed since the server was asked.
 * @param {Unlikely} unlikely
 * @param {Condition} condition
 * @param {string} relation What the condition is asked of.
 */
export function isOn(unlikely, condition, relation) {
  const { field, key, part, op, operand } = condition;
  const isSame =
    unlikely.relation === relation &&
    unlikely.field === field &&
    (unlikely.key ?? "") === key &&
    (unlikely.part ?? "") === part &&
    unlikely.op === op;
  return isSame && [operand.value, ...operand.values].some((value) => unlikely.values.includes(value));
}

/**
 * Those that stand in none of the conditions of a tree: in subqueries, or on groups.
 * @param {Unlikely[]} unlikely
 * @param {Term} tree
 * @param {string} relation
 * @returns {Unlikely[]}
 */
export function elsewhere(unlikely, tree, relation) {
  const conditions = conditionsOf(tree);
  return unlikely.filter((each) => !conditions.some((condition) => isOn(each, condition, relation)));
}

/**
 * @param {Term} term
 * @returns {Condition[]}
 */
const conditionsOf = (term) => (term.kind === "group" ? term.terms.flatMap(conditionsOf) : [term]);
