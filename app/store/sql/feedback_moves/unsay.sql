-- Take back a label where it is still the last word; only for who holds the version; its subject.
UPDATE account_words
SET label = 'undetermined', typology = NULL, label_id = :label_id, said_ms = :said_ms, codes = :codes, version = :version
WHERE program_id = :program_id AND account_id = :account_id AND label_id = :undone
RETURNING subject
