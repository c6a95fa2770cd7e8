"""The people who use the console: who they are, how they prove it, and what each may do and see."""
