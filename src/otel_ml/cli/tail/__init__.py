"""`otel-ml tail`: predictions as services send them."""
