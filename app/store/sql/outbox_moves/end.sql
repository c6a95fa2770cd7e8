-- end.sql · ends messages that are in a state of :before as :state and destroys their content → message_id, kind, program_id, token_hash, challenge_id of those that moved
UPDATE outbox SET state = :state, sealed = :nothing, ended_ms = :now_ms, why = :why
WHERE message_id IN :message_ids AND state IN :before
RETURNING message_id, kind, program_id, token_hash, challenge_id
