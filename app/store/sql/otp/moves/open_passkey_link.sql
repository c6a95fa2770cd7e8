-- open_passkey_link.sql · the link, if it can still enrol → link_hash
SELECT link_hash FROM passkey_links WHERE link_hash = :link_hash AND used_ms IS NULL AND expires_ms > :now_ms
