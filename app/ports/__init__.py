"""What the use cases need from the world, and nothing more. `app.main` alone names who provides it."""
