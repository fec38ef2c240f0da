"""How costs grow, one module for each thing that grows; all in this process, on a server without a cache."""
