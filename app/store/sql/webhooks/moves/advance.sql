-- advance.sql · a source is read up to :seq, or a number was given last
UPDATE webhook_cursors SET seq = :seq WHERE source = :source
