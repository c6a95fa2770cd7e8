"""What the console shows, read from SQL; and the tables it is read from, kept by the worker."""
