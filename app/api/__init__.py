"""The HTTP edge: thin routes over the use cases, wire models, and the OpenAPI document made from both."""
