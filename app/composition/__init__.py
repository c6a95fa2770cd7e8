"""The composition root's rooms: `app.main` puts together what these hold; with it the only ones to name stores."""
