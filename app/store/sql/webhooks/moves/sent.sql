-- sent.sql · messages that were delivered; also one that was given up or revived meanwhile
UPDATE webhook_messages SET state = 'sent', attempts = attempts + 1, why = '', ended_ms = :now_ms
WHERE message_id IN :message_ids AND state <> 'sent'
