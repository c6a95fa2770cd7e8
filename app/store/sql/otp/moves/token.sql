-- token.sql · where a token stands → state, expires_ms
SELECT state, expires_ms FROM tokens WHERE token_hash = :hash
