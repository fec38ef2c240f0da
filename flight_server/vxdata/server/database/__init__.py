"""The database: connections, their pool, and what watches over the statements that they run."""
