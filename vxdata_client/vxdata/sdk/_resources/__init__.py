"""Resources: namespaces and their verbs, and reads by identifier."""
