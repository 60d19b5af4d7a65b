"""How far counts are from their reference, and how far they would be with no drift."""
