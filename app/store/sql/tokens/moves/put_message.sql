-- Put a message in the outbox, due at once.
INSERT INTO outbox (
    message_id, kind, program_id, token_hash, state, sealed, created_ms, expires_ms, next_ms, attempts, why
) VALUES (
    :message_id, :kind, :program_id, :token_hash, 'waiting', :sealed, :created_ms, :expires_ms, :created_ms, 0, ''
)
