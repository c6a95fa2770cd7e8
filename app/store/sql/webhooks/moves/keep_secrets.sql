-- keep_secrets.sql · replaces what is sealed of an endpoint
UPDATE webhook_endpoints SET sealed = :sealed WHERE webhook_id = :webhook_id
