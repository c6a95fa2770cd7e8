"""All benchmarks, one after the other: what `make bench` runs."""

from benchmarks import (
    batches,
    caps,
    clients,
    decisions,
    event_files,
    forest,
    redemption_check,
    replay,
    state,
    token_mail,
    tokens,
    train,
    webhooks,
)

if __name__ == "__main__":
    for part in (
        state,
        clients,
        decisions,
        caps,
        batches,
        forest,
        event_files,
        train,
        replay,
        tokens,
        redemption_check,
        token_mail,
        webhooks,
    ):
        part.main()
        print()
