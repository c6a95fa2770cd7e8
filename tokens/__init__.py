"""The promise of a one-time link: signed, sealed, spent once. Knows nothing of the service around it."""
