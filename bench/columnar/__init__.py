"""Questions that no index answers: what they are, who is asked them, and whether all say the same."""
