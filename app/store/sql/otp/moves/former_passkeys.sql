-- former_passkeys.sql · what the account has or had since :rested_ms → live (passkeys that count), former (passkeys and confirmed apps, those retired since among them)
SELECT
    (SELECT COUNT(*) FROM passkeys
     WHERE program_id = :program_id AND account_id = :account_id AND retired_ms IS NULL) AS live,
    (SELECT COUNT(*) FROM passkeys
     WHERE program_id = :program_id AND account_id = :account_id
       AND (retired_ms IS NULL OR retired_ms > :rested_ms))
    + (SELECT COUNT(*) FROM authenticators
       WHERE program_id = :program_id AND account_id = :account_id AND confirmed_ms IS NOT NULL
         AND (retired_ms IS NULL OR retired_ms > :rested_ms)) AS former
