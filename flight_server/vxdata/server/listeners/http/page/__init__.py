"""The query page: `static/` holds what a browser runs, as it is shipped; `app` serves it."""
