/** Plans that are made of the query of the page. */

/**
 * A plan for the rows that the query finds, without their order, their number and their columns.
 * @param {Record<string, any>} plan
 * @param {Record<string, any>} [changes]
 */
export function rowsOf({ version, relation, where, as_of }, changes = {}) {
  return { version, relation, ...(where ? { where } : {}), ...(as_of ? { as_of } : {}), ...changes };
}
