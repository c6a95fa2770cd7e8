"""One file for each change, numbered, newest last."""
