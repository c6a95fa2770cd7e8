"""The service around the detectors: HTTP, stores, worker, command line."""
