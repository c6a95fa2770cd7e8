-- use_passkey_link.sql · the account's link is used up → link_hash; no row: it was used, is over or unknown
UPDATE passkey_links SET used_ms = :now_ms
WHERE link_hash = :link_hash AND program_id = :program_id AND account_id = :account_id
  AND used_ms IS NULL AND expires_ms > :now_ms
RETURNING link_hash
