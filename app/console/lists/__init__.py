"""The allow, block and watch lists and the shared contexts: looked at, added to, taken from."""
