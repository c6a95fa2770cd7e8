-- drop_lanes.sql · ends all lanes of an endpoint
DELETE FROM webhook_lanes WHERE webhook_id = :webhook_id
