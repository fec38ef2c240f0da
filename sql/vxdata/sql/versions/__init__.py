"""Statements of every verb that changes what exists: compute the new versions, then write them.

A verb fills a *pending* table with the versions that it will write of each resource type; then the present
versions move to history and the pending ones take their place. So the verbs differ in what they compute,
and there is one way to write. In the order in which a verb uses them:

- `presence`: whether what is staged is there to be changed;
- `pending`: the staged changes as pending versions;
- `cascade`: what follows from them below;
- `lineage`: where pending versions hang;
- `publish`: writing them;
- `removal`: removing for good what is pending.
"""
