"""Acting: what an analyst can do about a member from a case, its consequence told before, taken back where it can be."""
