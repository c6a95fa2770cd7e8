-- Note that the outcome of a token's decision is in the record: there is nothing left to tell.
UPDATE tokens SET settled_ms = :now_ms WHERE token_id = :token_id AND settled_ms IS NULL
