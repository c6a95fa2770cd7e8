-- Destroy a signing key at once; a row means there was one.
DELETE FROM token_keys WHERE "use" = 'sign' AND key_id = :key_id RETURNING key_id
