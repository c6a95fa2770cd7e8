-- Destroy keys past their time; their use and id.
DELETE FROM token_keys WHERE until_ms <= :now_ms RETURNING "use", key_id
