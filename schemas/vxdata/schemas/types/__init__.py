"""What a field type is in each library that carries its values: one module for each."""
