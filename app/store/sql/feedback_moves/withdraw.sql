-- Take back the last word on two accounts; only for who holds the version; both, where there was one.
UPDATE pair_verdicts SET verdict = NULL, author = :author, judged_ms = :now_ms, expires_ms = NULL, version = :version
WHERE program_id = :program_id AND account_id = :account_id AND other_id = :other_id AND verdict IS NOT NULL
RETURNING account_id, other_id
