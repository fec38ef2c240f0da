"""Statements of every verb that changes what exists: compute the new versions, then write them.

A verb makes queries for the versions that it will write of each resource type; then one statement a type
moves the present versions to history and puts the new ones in their place. Where other versions follow from
these (by a cascade, or by lineage), a *pending* table takes them first. So the verbs differ in what they
compute, and there is one way to write. In the order in which a verb uses them:

- `preconditions`: whether what is staged is there to be changed;
- `pending`: what staged changes make of stored versions;
- `cascade`: what follows from them below, found by `descent`;
- `lineage`: where pending versions hang;
- `publish`: writing them;
- `removal`: removing for good what is pending.

`lookup` decides how rows find stored ones.
"""
