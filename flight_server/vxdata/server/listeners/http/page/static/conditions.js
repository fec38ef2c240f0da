/** Conditions as the page edits them: a tree that may be incomplete, beside the predicate that it stands for. */

import { EMPTY, inOrder, LINEAGE, OF_LINEAGE, OPERATORS, operandOf, parsed, typed } from "./operators.js";

/**
 * @typedef {import("./operators.js").Node} Node
 * @typedef {import("./operators.js").Kind} Kind
 * @typedef {import("./operators.js").Operand} Operand
 * @typedef {import("./catalog.js").TypeInfo} TypeInfo
 *
 * @typedef {object} Condition
 * @property {"condition"} kind
 * @property {number} id
 * @property {boolean} isNegated
 * @property {string} field
 * @property {string} key Entry of a mapping; empty for the whole field.
 * @property {string} part Such as `year`; empty for the value itself.
 * @property {string} op
 * @property {Operand} operand
 * @property {{node: Node, operand: Operand}} [origin] What the condition was read from.
 *
 * @typedef {object} Group
 * @property {"group"} kind
 * @property {number} id
 * @property {boolean} isNegated
 * @property {"and" | "or"} op
 * @property {Term[]} terms
 *
 * @typedef {Condition | Group} Term
 */

let made = 0;

/** @returns {Group} */
export const emptyGroup = () => ({ kind: "group", id: ++made, isNegated: false, op: "and", terms: [] });

/**
 * A condition on a field, to be filled in.
 * @param {TypeInfo} type
 * @param {string} field
 * @returns {Condition}
 */
export function newCondition(type, field) {
  const base = { kind: /** @type {const} */ ("condition"), id: ++made, isNegated: false, field, key: "", part: "", operand: EMPTY };
  const [op = "is_not_null"] = operatorsOf({ ...base, op: "" }, type);
  return { ...base, op };
}

/**
 * The operators that fit what a condition is on.
 * @param {Condition} condition
 * @param {TypeInfo} type
 * @returns {readonly string[]}
 */
export function operatorsOf(condition, type) {
  if (condition.field === LINEAGE) return OF_LINEAGE;
  const field = type.fields.find((each) => each.name === condition.field);
  if (condition.part) return inOrder(field?.part_operators?.[condition.part] ?? []);
  return inOrder((condition.key ? field?.entry_operators : field?.operators) ?? []);
}

/**
 * The kind of the values that a condition is on.
 * @param {{field: string, key?: string, part?: string}} condition
 * @param {TypeInfo | undefined} type
 * @returns {Kind}
 */
export function kindOf(condition, type) {
  if (condition.part && condition.part !== "item") return "number";
  const found = type?.fields.find((each) => each.name === condition.field)?.type;
  switch (found) {
    case "integer":
    case "float":
      return "number";
    case "numbermap":
      return condition.key ? "number" : "text";
    case "boolean":
    case "date":
    case "timestamp":
      return found;
    default:
      return "text";
  }
}

/**
 * The predicate of a tree: without what is incomplete; null if nothing is left.
 * @param {Term} term
 * @param {TypeInfo} type
 * @returns {Node | null}
 */
export function predicateOf(term, type) {
  const plain = term.kind === "group" ? predicateOfGroup(term, type) : predicateOfCondition(term, type);
  return plain && term.isNegated ? { op: "not", term: plain } : plain;
}

/**
 * @param {Group} group
 * @param {TypeInfo} type
 * @returns {Node | null}
 */
function predicateOfGroup(group, type) {
  const terms = group.terms.map((term) => predicateOf(term, type)).filter((term) => term !== null);
  return terms.length > 1 ? { op: group.op, terms } : (terms[0] ?? null);
}

/**
 * @param {Condition} condition
 * @param {TypeInfo} type
 * @returns {Node | null}
 */
function predicateOfCondition({ field, key, part, op, operand, origin }, type) {
  // Not all that a plan can hold can be typed: an empty text looks like one that is still to be filled in.
  if (origin && isUnchanged({ field, key, part, op, operand }, origin)) return origin.node;
  const kind = kindOf({ field, key, part }, type);
  const subject = field === LINEAGE ? {} : { field, ...(key ? { key } : {}), ...(part ? { part } : {}) };
  if (op === "between") {
    const bounds = [
      { op: ">=", value: parsed(operand.low, kind) },
      { op: "<=", value: parsed(operand.high, kind) },
    ].filter(({ value }) => value !== null);
    const terms = bounds.map((bound) => ({ ...subject, ...bound }));
    return terms.length > 1 ? { op: "and", terms } : (terms[0] ?? null);
  }
  const node = OPERATORS[op]?.write(operand, kind) ?? null;
  return node && { ...subject, ...node };
}

/**
 * Whether a condition still says what it was read from.
 * @param {{field: string, key: string, part: string, op: string, operand: Operand}} condition
 * @param {{node: Node, operand: Operand}} origin
 */
function isUnchanged({ field, key, part, op, operand }, { node, operand: read }) {
  const subject = subjectOf(node);
  return op === node.op && operand === read && field === subject.field && key === subject.key && part === subject.part;
}

/**
 * What a node is on.
 * @param {Node} node
 */
const subjectOf = (node) => ({ field: node.field ?? LINEAGE, key: node.key ?? "", part: node.part ?? "" });

/**
 * The tree of a predicate: one group, whatever the predicate is.
 * @param {Node | null | undefined} predicate
 * @param {TypeInfo} type
 * @returns {Group}
 */
export function treeOf(predicate, type) {
  if (!predicate) return emptyGroup();
  const term = termOf(predicate, type);
  return term.kind === "group" && !term.isNegated ? term : { ...emptyGroup(), terms: [term] };
}

/**
 * @param {Node} node
 * @param {TypeInfo} type
 * @returns {Term}
 */
function termOf(node, type) {
  if (node.op === "not") {
    const term = termOf(node.term, type);
    return term.isNegated ? { ...emptyGroup(), isNegated: true, terms: [term] } : { ...term, isNegated: true };
  }
  if (node.op === "and" || node.op === "or") {
    const range = node.op === "and" ? rangeOf(node.terms, type) : null;
    return range ?? { ...emptyGroup(), op: node.op, terms: node.terms.map((/** @type {Node} */ each) => termOf(each, type)) };
  }
  const subject = subjectOf(node);
  const operand = operandOf(node, kindOf(subject, type));
  return { kind: "condition", id: ++made, isNegated: false, ...subject, op: node.op, operand, origin: { node, operand } };
}

/**
 * Two bounds of one field, as one condition.
 * @param {Node[]} terms
 * @param {TypeInfo} type
 * @returns {Condition | null}
 */
function rangeOf(terms, type) {
  const low = terms.find((term) => term.op === ">=");
  const high = terms.find((term) => term.op === "<=");
  if (terms.length !== 2 || !low || !high) return null;
  const subject = subjectOf(low);
  if (JSON.stringify(subject) !== JSON.stringify(subjectOf(high))) return null;
  const kind = kindOf(subject, type);
  const operand = { ...EMPTY, low: typed(low.value, kind), high: typed(high.value, kind) };
  const isTypable = parsed(operand.low, kind) === low.value && parsed(operand.high, kind) === high.value;
  if (!isTypable) return null;
  return { kind: "condition", id: ++made, isNegated: false, ...subject, op: "between", operand };
}

/**
 * A predicate with one more condition that must hold.
 * @param {Node | null | undefined} predicate
 * @param {Node} term
 * @returns {Node}
 */
export function withTerm(predicate, term) {
  if (!predicate) return term;
  const terms = predicate.op === "and" ? predicate.terms : [predicate];
  return { op: "and", terms: [...terms, term] };
}
