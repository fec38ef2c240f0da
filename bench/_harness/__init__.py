"""The harness: candidates run in processes of their own, in turn; figures are kept and reported."""
