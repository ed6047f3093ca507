"""What is seen from outside: event names, logs and metrics."""
