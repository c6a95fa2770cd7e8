"""Locks on accounts: redeeming switched off and on, by the member, a backend or an analyst."""
