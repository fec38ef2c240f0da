"""What it costs to ask who calls, to keep an audit, to encrypt, and to hide what is not granted."""
