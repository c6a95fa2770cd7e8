-- hold_tokens.sql · takes the locks of the tokens behind messages, which come before the messages' own
SELECT token_hash FROM tokens
WHERE token_hash IN (SELECT token_hash FROM outbox WHERE message_id IN :message_ids)
ORDER BY token_hash
FOR UPDATE
