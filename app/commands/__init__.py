"""The commands of `earnest`, one a file."""
