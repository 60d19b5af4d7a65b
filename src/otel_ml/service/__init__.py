"""OTLP in: the receiver, and what it makes of the messages.

The parts are meant to be reused: `receiver.Receiver` hands OTLP messages to any `consumer.Consumer`.
"""
