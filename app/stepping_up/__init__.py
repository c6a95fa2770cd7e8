"""Step-up: a decision that asks the member to prove who acts, and becomes `allow` once they have."""
