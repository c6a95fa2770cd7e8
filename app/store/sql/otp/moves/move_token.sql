-- move_token.sql · a token that is live at :now_ms takes the state :state → state; no row: it is not live
UPDATE tokens SET state = :state
WHERE token_hash = :hash AND state IN :live AND expires_ms > :now_ms
RETURNING state
