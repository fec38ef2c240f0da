"""The notation of queries in Python: references to fields, conditions, and the steps that make a plan."""
