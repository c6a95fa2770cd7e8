-- use_link.sql · use up an open link of :purpose → user_id; no row: there is none
UPDATE user_links SET used_ms = :now_ms
WHERE link_hash = :link_hash AND purpose = :purpose AND used_ms IS NULL AND expires_ms > :now_ms
RETURNING user_id
