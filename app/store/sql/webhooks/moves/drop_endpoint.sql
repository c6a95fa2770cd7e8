-- drop_endpoint.sql · deletes an endpoint
DELETE FROM webhook_endpoints WHERE webhook_id = :webhook_id
