-- The last word on an account or one of its events, in place of the one before; only for who holds the version.
INSERT INTO account_words
    (program_id, account_id, subject, account_key, label, typology, label_id, said_ms, codes, version)
VALUES
    (:program_id, :account_id, :subject, :account_key, :label, :typology, :label_id, :said_ms, :codes, :version)
ON CONFLICT (program_id, account_id, subject) DO UPDATE
SET account_key = excluded.account_key, label = excluded.label, typology = excluded.typology,
    label_id = excluded.label_id, said_ms = excluded.said_ms, codes = excluded.codes, version = excluded.version
