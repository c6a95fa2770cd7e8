-- The last word on two accounts, in place of the one before; only for who holds the version.
INSERT INTO pair_verdicts
    (program_id, account_id, other_id, account_key, other_key, verdict, author, judged_ms, expires_ms, sealed_reason,
     key_id, other_key_id, version)
VALUES
    (:program_id, :account_id, :other_id, :account_key, :other_key, :verdict, :author, :judged_ms, :expires_ms,
     :sealed_reason, :key_id, :other_key_id, :version)
ON CONFLICT (program_id, account_id, other_id) DO UPDATE
SET account_key = excluded.account_key, other_key = excluded.other_key, verdict = excluded.verdict,
    author = excluded.author, judged_ms = excluded.judged_ms, expires_ms = excluded.expires_ms,
    sealed_reason = excluded.sealed_reason, key_id = excluded.key_id, other_key_id = excluded.other_key_id,
    version = excluded.version
