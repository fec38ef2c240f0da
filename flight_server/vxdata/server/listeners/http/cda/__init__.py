"""The CDA API: a catalog of cohorts over HTTP, below the path of its name."""
