"""The playbook: what each reason and each kind of fraud is, how it looks, what to check and to do; and practice cases.

Content is data: `typologies/*.toml` one kind of fraud a file, `reasons.toml` a word on each reason code, `moves.toml`
what an analyst can do. Titles of reasons, what was measured and the numbers in force are never written there: they
come from the detectors and the programme's policy.
"""
