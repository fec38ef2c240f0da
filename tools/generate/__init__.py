"""Code and docs that follow from the payload declarations: `python -m tools.generate` writes them."""
