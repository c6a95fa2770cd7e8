"""A believable loyalty programme: honest lives, fraud as incidents, the truth kept apart.

`programme.generate` makes one from a seed, `programme.write` puts it into files, `python -m app.demo` does both.
Lives and incidents alike only say what people mean to do (`intents`); one ledger settles all of them in order of
time and dresses them as events (`ledger`), so that nothing but behaviour can tell them apart.
"""
