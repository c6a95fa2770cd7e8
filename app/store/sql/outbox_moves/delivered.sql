-- delivered.sql · tokens whose link was sent: issued ones are delivered
UPDATE tokens SET
    delivery = 'sent',
    delivered_ms = :now_ms,
    state = CASE WHEN state = 'issued' THEN 'delivered' ELSE state END
WHERE token_hash IN :token_hashes AND delivery = 'waiting'
