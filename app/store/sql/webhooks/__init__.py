"""Webhooks in SQL: endpoints, the projection of what happened, and what waits to be sent."""

from app.store.sql.webhooks.deliveries import SqlDeliveries
from app.store.sql.webhooks.endpoints import SqlEndpoints
from app.store.sql.webhooks.projection import SqlProjection

__all__ = ["SqlDeliveries", "SqlEndpoints", "SqlProjection"]
