"""Pictures as SVG, drawn on the server: no script, no inline style, every mark a link to what it counts."""
