-- Forget links to enrol by that ended long ago, at most `most`; one row each.
DELETE FROM passkey_links
WHERE link_hash IN (SELECT link_hash FROM passkey_links WHERE expires_ms <= :ended_ms LIMIT :most)
RETURNING link_hash
