-- add_message.sql · the message with the code of :challenge_id waits in the outbox
INSERT INTO outbox (
    message_id, kind, program_id, token_hash, challenge_id, state, sealed, created_ms, expires_ms, next_ms,
    attempts, ended_ms, why
) VALUES (
    :message_id, :kind, :program_id, :token_hash, :challenge_id, 'waiting', :sealed, :created_ms, :expires_ms, :created_ms,
    0, NULL, ''
)
