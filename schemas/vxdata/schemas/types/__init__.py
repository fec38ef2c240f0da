"""Field types in each library that carries their values: one module for each library."""
