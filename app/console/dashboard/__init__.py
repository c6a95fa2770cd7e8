"""The dashboard's pages: figures of a programme and a period, each with what it means and the cases behind it."""
