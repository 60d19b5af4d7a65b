"""When to raise the alarm, and when to end it."""
